//! The web pages over the real router: what they show, what they refuse, and what was typed then.

mod all_tokens;
mod api;
mod audit;
mod callers;
mod configuration;
mod downloads;
mod ground;
mod login;
mod markup;
mod notifications;
mod outside;
mod profile;
mod releases;
mod reminders;
mod roles;
mod settings;
mod settings_policy;
mod settings_preview;
mod tokens_applications;
mod tokens_generate;
mod tokens_like;
mod tokens_list;
mod too_long;
mod users;
mod users_reset;
mod webhooks;
mod weights;

use crate::common::{Answer, SignedIn, World, get};

impl World {
    /// Opens a page as somebody signed in.
    pub(crate) async fn open(&self, session: &SignedIn, path: &str) -> Answer {
        self.send(get(path).cookie(session)).await
    }
}
