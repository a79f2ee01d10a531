//! What an administrator learns when a provider is tried, one step after the other.

use jiff::Timestamp;

use super::{Algorithm, Provider, discovery};
use crate::provider::check::{Checked, Seen};

impl Provider {
    /// Tries everything that needs nobody to sign in. The first step that fails is the last.
    pub async fn check(&self, now: Timestamp) -> Checked {
        Checked { provider: self.name().clone(), kind: "OIDC", steps: self.steps(now).await }
    }

    async fn steps(&self, now: Timestamp) -> Vec<Seen> {
        let mut steps = Vec::new();
        let mut step = |what: &str, outcome: Result<String, String>| {
            let goes_on = outcome.is_ok();
            steps.push(Seen { what: what.to_owned(), outcome });
            goes_on
        };
        let metadata = match self.metadata(now).await {
            Ok(metadata) => {
                let document = discovery::document(&self.settings.issuer);
                step("discovery", Ok(format!("`{document}` is of the issuer `{}`", metadata.issuer)));
                metadata
            }
            Err(fault) => {
                step("discovery", Err(fault.to_string()));
                return steps;
            }
        };
        let addresses = metadata.authorization().and(metadata.token()).and(metadata.keys());
        let seen = addresses.map(|_| {
            let (sign_in, token) = (metadata.authorization(), metadata.token());
            let shown = |url: Result<&url::Url, _>| url.map(ToString::to_string).unwrap_or_default();
            format!("people sign in at `{}`, codes become tokens at `{}`", shown(sign_in), shown(token))
        });
        if !step("endpoints", seen.map_err(|fault| fault.to_string())) {
            return steps;
        }
        let methods = metadata.code_challenge_methods_supported.as_ref();
        let pkce = match methods {
            Some(methods) if methods.iter().any(|method| method == "S256") => "it takes PKCE with S256",
            Some(_) => "it does not offer PKCE with S256; Patgate sends it all the same",
            None => "it does not say whether it takes PKCE; Patgate sends it all the same",
        };
        step("PKCE", Ok(pkce.to_owned()));
        let algorithms: Vec<_> =
            self.id_token_algorithms(&metadata).iter().map(|algorithm| algorithm.name()).collect();
        let keys = match metadata.keys() {
            Ok(url) => self.keys.get(now, || self.fetch_keys(url)).await,
            Err(fault) => Err(fault),
        };
        let seen = match keys {
            Ok(keys)
                if keys.is_empty() && !self.settings.id_token_algorithm.is_some_and(Algorithm::is_shared) =>
            {
                Err("none of its keys can check a signature here".to_owned())
            }
            Ok(keys) => {
                Ok(format!("{} that can check signatures; taken are {}", keys.len(), algorithms.join(", ")))
            }
            Err(fault) => Err(fault.to_string()),
        };
        if !step("keys", seen) {
            return steps;
        }
        step("scopes", Ok(format!("asked for are {}", self.scopes(&metadata).join(", "))));
        let seen = match &metadata.end_session_endpoint {
            Some(url) => format!("people sign out at `{url}`"),
            None => "it has no address to sign out at; a log-out ends the session here alone".to_owned(),
        };
        step("log-out", Ok(seen));
        let seen = if metadata.backchannel_logout_supported {
            format!(
                "it can tell of log-outs; give it the address `/login/backchannel-logout/{}`",
                self.name()
            )
        } else {
            "it does not offer to tell of log-outs".to_owned()
        };
        step("back-channel log-out", Ok(seen));
        step("re-checks", Ok(self.rechecks().to_owned()));
        step("redirect", Ok(format!("it must know the redirect address `{}`", self.redirect_uri)));
        steps
    }

    /// What a re-check of somebody counts for here: an end of a sentence about re-checks.
    pub(crate) fn rechecks(&self) -> &'static str {
        match self.settings.recheck_confirms {
            true => "they confirm whom it vouches for; it must refuse a refresh for people whom it disabled",
            false => "they bring new groups, and confirm nobody: only a sign-in does (`recheck_confirms`)",
        }
    }
}
