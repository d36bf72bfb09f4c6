//! The terminal dashboard: what needs somebody now, what changed, whether it is everywhere, and the way to stop or undo it.
//!
//! The shape is Elm's. [`App`] is all that is known; `App::update` takes one [`Message`] and returns what is to be done as
//! effects, without I/O, clock or terminal; `view` draws it. `effect/` does what is to be done, and each effect ends in messages.

mod access;
mod app;
mod dialog;
mod editor;
mod effect;
mod host;
mod key;
mod keymap;
mod list;
mod load;
mod look;
mod message;
mod order;
mod overlay;
mod run;
mod screen;
mod step;
mod terminal;
mod theme;
mod view;
mod widget;

pub use app::App;
pub use host::{Asked, Connect, Connection, Explain, Host, Papers, Place, Rule, SignIn, Task};
pub use keymap::Keys;
pub use look::Look;
pub use message::Message;
pub use order::Order;
pub use run::run;
pub use theme::Palette;
