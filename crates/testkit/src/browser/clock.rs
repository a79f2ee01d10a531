//! The browser's clock, for what a page counts while it is open.

use super::Browser;

impl Browser {
    /// Makes it this moment for the page that is open, in milliseconds since 1970 of the server's clock, and stops its
    /// clock there: nothing is loaded again. Needs `serverNow` of the pages' script, which counts on from when the
    /// server made the page by the one clock of a browser that nobody sets.
    pub fn stands_at(&self, millisecond: i64) {
        // Both differences are exact: the numbers are less than a factor of two apart.
        self.run(&format!(
            "performance.now = () => 0; const begun = serverNow(); performance.now = () => {millisecond} - begun;"
        ));
    }
}
