//! A tour of all pages, in every state worth a look: what axe-core judges, and what is taken pictures of.
//!
//! [`SIGHTS`] is the one table. A page of `docs/reference/pages.md` that it does not have fails the tests, unless the page
//! shows nothing of its own ([`SIGHTLESS`]).

mod company;
mod releases;
mod rules;
mod scripts;
mod sights;

use std::sync::LazyLock;

use super::Browser;

pub use company::{Company, Who};
pub use sights::SIGHTLESS;

/// Every sight.
pub static SIGHTS: LazyLock<Vec<Sight>> = LazyLock::new(|| [sights::OTHERS, releases::RELEASES].concat());

/// A page in a state worth a look.
#[derive(Clone, Copy, Debug)]
pub struct Sight {
    /// What it is called, as in the names of its pictures.
    pub name: &'static str,
    /// Its address as it stands in `docs/reference/pages.md`; empty for a page at an address of no page.
    pub page: &'static str,
    /// The address that is opened, with `{…}` for what is there ([`Company`]).
    pub path: &'static str,
    /// Who looks.
    pub who: Who,
    /// What is done there before one looks.
    pub steps: &'static [Step],
    /// What its `h1` reads when one has arrived, with `{…}` as in `path`.
    pub heading: &'static str,
}

/// What somebody does on a page.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// Presses what has this name.
    Press(&'static str),
    /// Types a text in the field with this label.
    Fill(&'static str, &'static str),
    /// Something that a person cannot do quickly: a script.
    Run(&'static str),
    /// Waits until the page shows this text.
    See(&'static str),
}

impl Sight {
    /// A page as the administrator finds it.
    const fn of(name: &'static str, page: &'static str, path: &'static str, heading: &'static str) -> Self {
        Self { name, page, path, who: Who::Admin, steps: &[], heading }
    }

    /// As somebody else finds it.
    const fn by(self, who: Who) -> Self {
        Self { who, ..self }
    }

    /// After these steps.
    const fn after(self, steps: &'static [Step]) -> Self {
        Self { steps, ..self }
    }

    /// Goes there; panics when it is not there.
    pub fn visit(&self, browser: &Browser, company: &Company) {
        browser.wear(&company.patgate.url(), company.cookie(self.who));
        browser.open(&company.patgate.url_of(&company.filled(self.path)));
        for step in self.steps {
            match step {
                Step::Press(name) => browser.press(name),
                Step::Fill(label, text) => browser.fill(label, text),
                Step::Run(script) => drop(browser.run(script)),
                Step::See(text) => browser.sees(text),
            }
        }
        browser.reads("h1", &[&company.filled(self.heading)]);
    }
}
