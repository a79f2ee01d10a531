//! What a page does against its own content policy (Content Security Policy Level 3, W3C, 5. Reporting).

use serde_json::json;

use super::Browser;

/// Runs in each page before anything of its own.
const KEEPS: &str = "
    window.violations = [];
    addEventListener('securitypolicyviolation', event => violations.push(
        `${event.effectiveDirective} at ${event.sourceFile}:${event.lineNumber}: ${event.blockedURI} ${event.sample}`
    ));";

impl Browser {
    /// Keeps from now on what each page that is opened does against its policy, for [`Browser::violations`].
    pub fn keep_violations(&self) {
        self.command("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": KEEPS }));
    }

    /// One line for each time that the page has done so since it was opened; panics without [`Browser::keep_violations`].
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        self.does("read what the page did against its policy", async {
            self.driver().execute("return window.violations", Vec::new()).await?.convert::<Vec<String>>()
        })
    }
}
