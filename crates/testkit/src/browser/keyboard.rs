//! A person who has no mouse.

use thirtyfour::Key;

use super::Browser;

/// The most stops of a page until one gives up.
const STOPS: usize = 200;

impl Browser {
    /// Presses a key.
    pub fn key(&self, key: Key) {
        self.does("press a key", async { self.driver().action_chain().send_keys(key).perform().await });
    }

    /// Types a text where the focus is.
    pub fn types(&self, text: &str) {
        self.does("type", async { self.driver().action_chain().send_keys(text).perform().await });
    }

    /// Goes forward with Tab until the focus is on what has this name; panics when it never is.
    pub fn tab_to(&self, name: &str) {
        let mut passed = Vec::new();
        for _ in 0..STOPS {
            self.key(Key::Tab);
            let here = self.focused();
            if here == name {
                return;
            }
            passed.push(here);
        }
        panic!("Tab never comes to `{name}`, only to {passed:?} on\n{}", self.whereabouts());
    }

    /// The name of what has the focus, as a screen reader would say it; empty when nothing has.
    #[must_use]
    pub fn focused(&self) -> String {
        let name = self.run(
            "const here = document.activeElement;
             if (!here || here === document.body) return '';
             const label = here.labels?.[0]?.innerText;
             const parts = here.getAttribute('aria-labelledby')?.split(' ');
             const labelled = parts?.map(part => document.getElementById(part).innerText).join(' ');
             const text = labelled ?? here.getAttribute('aria-label') ?? label ?? here.innerText ?? '';
             return text.replace(/\\s+/g, ' ').replace(/ \\*$/, '').trim();",
        );
        name.as_str().unwrap_or_default().to_owned()
    }
}
