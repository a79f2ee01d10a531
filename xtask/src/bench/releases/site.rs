//! The server under measurement, for an administrator's token.

use patgate_testkit::wire::Wire;
use serde_json::{Value, json};

use super::super::administrator::Administrator;
use super::super::program::Data;
use super::super::serving::Serving;
use crate::failure::Failure;

/// One connection, and the token that goes with each request.
pub(super) struct Site {
    wire: Wire,
    port: u16,
    pub(super) token: String,
}

impl Site {
    /// With a new token.
    ///
    /// # Errors
    /// When none is made.
    pub(super) fn of(data: &Data, serving: &Serving) -> Result<Self, Failure> {
        let token = Administrator::of(data, serving)?.token("/api/v1/personal-access-tokens")?;
        Ok(Self { wire: Wire::connect(serving.port), port: serving.port, token })
    }

    /// Over a connection of its own.
    pub(super) fn another(&self) -> Self {
        Self { wire: Wire::connect(self.port), port: self.port, token: self.token.clone() }
    }

    /// # Errors
    /// When the answer is no 2xx; so with all below.
    pub(super) fn post(&mut self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.ask("POST", path, &body.to_string())
    }

    pub(super) fn get(&mut self, path: &str) -> Result<Value, Failure> {
        self.ask("GET", path, "")
    }

    /// Makes something, and returns its id.
    pub(super) fn make(&mut self, path: &str, body: &Value) -> Result<String, Failure> {
        Ok(self.post(path, body)?["id"].as_str().unwrap_or_default().to_owned())
    }

    /// How many releases have this status.
    pub(super) fn count(&mut self, status: &str) -> Result<usize, Failure> {
        let counts = self.post("/api/v1/releases/count", &json!({}))?;
        Ok(counts["all"]["byStatus"][status].as_u64().and_then(|count| count.try_into().ok()).unwrap_or(0))
    }

    fn ask(&mut self, method: &str, path: &str, body: &str) -> Result<Value, Failure> {
        let headers = [("x-release-personal-token", self.token.as_str())];
        let answer = self.wire.request(method, path, &headers, body);
        let answer = answer.map_err(|error| Failure::Found(format!("`{path}` was not answered: {error}")))?;
        if (200..300).contains(&answer.status) {
            return Ok(answer.json());
        }
        Err(Failure::Found(format!("`{path}` answered {}: {}", answer.status, answer.text())))
    }
}
