//! XML as Deploy's clients write and read it: a small tree of elements, attributes and texts.
//!
//! Nothing in a text makes the reader do more than read it: there are no document types, no entities but the five of XML
//! itself, and no more elements and levels than [`MOST_ELEMENTS`] and [`DEEPEST`].

mod element;
mod name;
mod reader;
#[cfg(test)]
mod tests;

pub use element::Element;
pub use reader::{DEEPEST, MOST_ELEMENTS, NotXml, read};
