//! What must not compile: a plain token that can be shown, copied or written, and a permit made by hand.

#[test]
fn nobody_shows_a_plain_token_or_makes_a_permit() {
    trybuild::TestCases::new().compile_fail("tests/refused/*.rs");
}
