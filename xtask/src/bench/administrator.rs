//! The first administrator of a server under measurement, who makes what is measured by calls of the API.

use std::process::Command;

use serde_json::{Value, json};

use super::program::Data;
use super::serving::Serving;
use crate::failure::Failure;
use crate::process;

/// Calls a server.
pub(super) struct Administrator {
    url: String,
    /// How curl proves who asks.
    credentials: [String; 2],
}

impl Administrator {
    /// With the password.
    ///
    /// # Errors
    /// When the server has made none.
    pub(super) fn of(data: &Data, serving: &Serving) -> Result<Self, Failure> {
        let credentials = ["-u".to_owned(), format!("admin:{}", data.password()?)];
        Ok(Self { url: format!("http://127.0.0.1:{}", serving.port), credentials })
    }

    /// With a token in the place of the password.
    pub(super) fn with_token(self, token: &str) -> Self {
        Self { credentials: ["-H".to_owned(), format!("Authorization: Bearer {token}")], ..self }
    }

    /// Makes a token by this call.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub(super) fn token(&self, path: &str) -> Result<String, Failure> {
        let made = self.post(path, &json!({ "tokenNote": "bench" }))?;
        let token = made["token"].as_str().map(ToOwned::to_owned);
        token.ok_or_else(|| Failure::Found(format!("`{path}` made no token")))
    }

    /// As [`Self::call`], with `POST`.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub(super) fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.call("POST", path, body)
    }

    /// A call, with a body unless it is `null`, and what it is answered; `null` is nothing.
    ///
    /// # Errors
    /// When that is no success, or no JSON.
    pub(super) fn call(&self, method: &str, path: &str, body: &Value) -> Result<Value, Failure> {
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--fail-with-body", "-X", method]).args(&self.credentials);
        command.args(["-H", "Accept: application/json"]);
        if !body.is_null() {
            command.args(["-H", "Content-Type: application/json", "-d", &body.to_string()]);
        }
        let text = process::read(command.arg(format!("{}{path}", self.url)))?;
        if text.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&text).map_err(|error| Failure::Found(format!("`{path}` gave no JSON: {error}")))
    }
}
