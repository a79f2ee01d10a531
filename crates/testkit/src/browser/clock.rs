//! The browser's clock, for what a page counts while it is open.

use serde_json::Value;

use super::Browser;

impl Browser {
    /// Makes it this moment for the page that is open, in milliseconds since 1970 of the server's clock, and stops its
    /// clock there: nothing is loaded again. Needs `serverNow` of the pages' script, which counts on from when the
    /// server made the page by the clock of a browser that went further.
    pub fn stands_at(&self, millisecond: i64) {
        // Both differences are exact: the numbers are less than a factor of two apart.
        self.run(&format!(
            "Date.now = () => 0; performance.now = () => 0; const begun = serverNow();
             performance.now = () => {millisecond} - begun;"
        ));
    }

    /// As [`Browser::stands_at`], for a computer that slept until then: the clock that counts evenly stood still
    /// meanwhile. The page is looked at again; what the script returns is read at once, before any timer.
    pub fn wakes_up_at(&self, millisecond: i64, script: &str) -> Value {
        self.run(&format!(
            "performance.now = () => -1e15; Date.now = () => 0; const begun = serverNow();
             Date.now = () => {millisecond} - begun;
             document.dispatchEvent(new Event('visibilitychange'));
             {script}"
        ))
    }
}
