//! What a form shows of itself: what was typed, and what is wrong with it beside the field.

/// A field of one line.
#[derive(Clone, Debug, Default)]
pub struct Field {
    /// Its name in the form.
    pub name: &'static str,
    /// What it is called on the page.
    pub label: &'static str,
    /// What it is for; empty for nothing to say.
    pub hint: &'static str,
    /// What is typed in it.
    pub value: String,
    /// The most characters that it takes, as the type behind it says; a browser lets nobody type more (WHATWG HTML §4.10.5.3.1,
    /// which counts a rare character as two).
    pub longest: Option<usize>,
    /// What is wrong with it, as a sentence.
    pub error: Option<String>,
}

impl Field {
    /// A field with what is typed in it.
    #[must_use]
    pub fn new(name: &'static str, label: &'static str, value: impl Into<String>) -> Self {
        Self { name, label, value: value.into(), ..Self::default() }
    }

    /// With the most characters that it takes. A password has no such bound in the browser: one that is pasted would be cut
    /// unseen, and another be set than the one that was kept.
    #[must_use]
    pub fn at_most(self, characters: usize) -> Self {
        Self { longest: Some(characters), ..self }
    }

    /// With what it is for.
    #[must_use]
    pub fn hint(self, hint: &'static str) -> Self {
        Self { hint, ..self }
    }
}

/// One of several things to choose from.
#[derive(Clone, Debug)]
pub struct Choice {
    /// What the form sends.
    pub value: String,
    /// What it is called on the page.
    pub label: String,
    /// Whether it is chosen.
    pub is_chosen: bool,
}

impl Choice {
    /// A choice, chosen when it is the one that is given.
    #[must_use]
    pub fn new(value: impl Into<String>, label: impl Into<String>, chosen: &str) -> Self {
        let value = value.into();
        Self { is_chosen: value == chosen, value, label: label.into() }
    }
}
