//! An element, and how it is written.

use std::borrow::Cow;
use std::fmt;

use quick_xml::escape::escape;
use zeroize::Zeroizing;

use super::name::is_whole;

/// An element: its name, its attributes, and either a text or other elements. A text may be a secret, so it is wiped, and not
/// printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Element {
    name: Cow<'static, str>,
    attributes: Vec<(Cow<'static, str>, String)>,
    text: Zeroizing<String>,
    children: Vec<Element>,
}

impl Element {
    /// An empty element of a name that stands in the program. What comes from elsewhere goes through [`Self::called`].
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// An empty element of a name that comes from elsewhere. A text that can be none is put into the attribute of an element
    /// `otherwise`: as a name it would be markup.
    #[must_use]
    pub fn called(name: &str, otherwise: &'static str, attribute: &'static str) -> Self {
        if is_whole(name) {
            return Self { name: name.to_owned().into(), ..Self::default() };
        }
        Self::new(otherwise).attribute(attribute, name)
    }

    /// With one more attribute.
    #[must_use]
    pub fn attribute(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.attributes.push((name.into(), value.into()));
        self
    }

    /// With a text.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = Zeroizing::new(text.into());
        self
    }

    /// With one more element in it.
    #[must_use]
    pub fn child(mut self, child: Self) -> Self {
        self.children.push(child);
        self
    }

    /// With an element in it that has a text alone.
    #[must_use]
    pub fn leaf(self, name: &'static str, text: impl Into<String>) -> Self {
        self.child(Self::new(name).text(text))
    }

    /// With more elements in it.
    #[must_use]
    pub fn children_of(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(children);
        self
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value of an attribute.
    #[must_use]
    pub fn value_of(&self, attribute: &str) -> Option<&str> {
        self.attributes.iter().find(|(name, _)| name == attribute).map(|(_, value)| value.as_str())
    }

    /// The elements in it.
    #[must_use]
    pub fn children(&self) -> &[Self] {
        &self.children
    }

    /// The first element in it of this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text in it, outside of the elements in it.
    #[must_use]
    pub fn content(&self) -> &str {
        &self.text
    }

    /// As a document (XML 1.0), without a declaration, as Deploy writes it.
    #[must_use]
    pub fn to_document(&self) -> String {
        let mut document = String::new();
        self.write(&mut document);
        document
    }

    /// As the reader found it.
    pub(super) fn read(name: &str, attributes: Vec<(String, String)>) -> Self {
        let attributes = attributes.into_iter().map(|(name, value)| (name.into(), value)).collect();
        Self { name: name.to_owned().into(), attributes, ..Self::default() }
    }

    pub(super) fn push_text(&mut self, text: &str) {
        let needed = self.text.len() + text.len();
        if needed > self.text.capacity() {
            // By its own growing it would be copied, and the old one left behind. At least twice as much room, because a
            // text comes in as many pieces as it has references.
            let mut longer = Zeroizing::new(String::with_capacity(needed.max(2 * self.text.capacity())));
            longer.push_str(&self.text);
            self.text = longer;
        }
        self.text.push_str(text);
    }

    pub(super) fn push(&mut self, child: Self) {
        self.children.push(child);
    }

    fn write(&self, document: &mut String) {
        document.push('<');
        document.push_str(&self.name);
        for (name, value) in &self.attributes {
            document.extend([" ", name, "=\"", &written(value), "\""]);
        }
        if self.text.is_empty() && self.children.is_empty() {
            document.push_str("/>");
            return;
        }
        document.push('>');
        document.push_str(&written(&self.text));
        self.children.iter().for_each(|child| child.write(document));
        document.extend(["</", &self.name, ">"]);
    }
}

/// Names and the shape alone: a text may be a secret.
impl fmt::Debug for Element {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "<{}>", self.name)?;
        formatter.debug_list().entries(&self.children).finish()
    }
}

/// A text as it stands in a document. What no document can hold (XML 1.0 §2.2) is replaced.
fn written(text: &str) -> String {
    let is_out =
        |c: char| (c < ' ' && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{fffe}' | '\u{ffff}');
    let text = text.replace(is_out, "\u{fffd}");
    // A reader makes a blank of a line end in an attribute (XML 1.0 §3.3.3).
    escape(text.as_str()).replace('\n', "&#10;").replace('\r', "&#13;").replace('\t', "&#9;")
}
