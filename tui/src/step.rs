//! What a screen wants after a key: to go somewhere, to ask, to show something.

use crate::dialog::Dialog;
use crate::effect::Query;
use crate::overlay::Overlay;
use crate::screen::Screen;

/// What a screen wants. **There is none that changes something**: a dialog does that, once it is confirmed.
#[derive(Debug)]
pub(crate) enum Step {
    /// Asks the server for something to show.
    Ask(Query),
    /// Goes to a screen, which Esc comes back from.
    Go(Screen),
    /// Goes to a feature, in an environment where that is known.
    OpenFeature { key: String, env: Option<String> },
    /// Goes to a change.
    OpenChange(i64),
    /// Goes to what was live of a feature.
    OpenHistory { key: String, env: Option<String> },
    /// Asks for whom something is to be explained.
    AskWhom { feature: String, env: String },
    /// Opens a dialog.
    Open(Box<Dialog>),
    /// Shows text over the screen.
    Show(Overlay),
    /// Copies text to the clipboard; the words say what it is.
    Copy { text: String, words: String },
    /// Opens a document in the editor, and then a dialog with what became of it.
    Edit { feature: String, env: String, base: Option<i64>, config: serde_json::Value },
    /// Says something in the message row.
    Say(String),
}
