//! Whatever an answer says, it is one document, and is read as what it says.
#![no_main]

use patgate_core::xml::{Element, read};

libfuzzer_sys::fuzz_target!(|told: (&str, &str, &str, &str)| {
    let (name, value, property, text) = told;
    let element = Element::called(name, "ci", "type").attribute("id", value);
    let element = element.child(Element::called(property, "property", "name").text(text));
    let read = read(element.to_document().as_bytes()).expect("what was written is a document");
    let is_called = |element: &Element, otherwise: &str, attribute: &str, name: &str| {
        element.name() == name
            || element.name() == otherwise
                && element.value_of(attribute).is_some_and(|value| is_same(value, name))
    };
    assert!(is_called(&read, "ci", "type", name));
    assert!(is_same(read.value_of("id").expect("it has one"), value));
    let [property_read] = read.children() else { panic!("it has one property") };
    assert!(is_called(property_read, "property", "name", property));
    assert!(is_same(property_read.content(), text));
});

/// What no document can hold is replaced.
fn is_same(read: &str, told: &str) -> bool {
    read.chars().eq(told.chars().map(|c| match c {
        '\t' | '\n' | '\r' => c,
        ..'\u{20}' | '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        _ => c,
    }))
}
