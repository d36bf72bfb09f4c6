//! What the server answered: data, or an error with its code.

use serde_json::Value;

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Answer {
    /// The data of what succeeded.
    pub fn data(&self) -> &Value {
        assert!(self.body.get("errors").is_none(), "refused: {}", self.body);
        &self.body["data"]
    }

    /// The error of what was refused.
    pub fn error(&self) -> &Value {
        let error = &self.body["errors"][0];
        assert!(error.is_object(), "not refused: {}", self.body);
        error
    }

    /// Its code.
    pub fn code(&self) -> &str {
        self.error()["extensions"]["code"].as_str().unwrap()
    }
}
