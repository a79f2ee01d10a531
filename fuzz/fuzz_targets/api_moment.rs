//! Any text is a moment or refused, as the end of a token and in a query, and one that is read is written alike. The end of
//! a token is the moment that the text says: its digits are those of a clock with the offset that it names.
#![no_main]

use jiff::fmt::temporal::Pieces;
use jiff::tz::TimeZone;
use patgate_fuzz::api::read_time;
use patgate_fuzz::tokens::end;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let moment = end(text, false);
    assert_eq!(end(text, true), moment);
    if let Some(moment) = moment {
        assert_eq!(end(&moment.to_string(), false), Some(moment));
        let text = text.trim();
        let pieces = Pieces::parse(text).expect("a moment has parts");
        let offset = pieces.offset().expect("a moment has an offset").to_numeric_offset();
        // The parts of a second of an offset are rounded.
        assert!(offset.seconds().abs() <= 24 * 60 * 60, "{text}");
        let clock = moment.to_zoned(TimeZone::fixed(offset)).strftime("%H%M%S").to_string();
        let (_, time) = text.split_once(['T', 't', ' ']).expect("a moment has a time");
        let digits = time.chars().take_while(|c| c.is_ascii_digit() || *c == ':');
        let digits: String = digits.filter(char::is_ascii_digit).collect();
        assert!(clock.starts_with(&digits), "{text} is not {clock}");
    }
    let zone = TimeZone::fixed(jiff::tz::offset(2));
    if let Some(moment) = read_time(text, &zone) {
        assert_eq!(read_time(&moment.to_string(), &zone), Some(moment));
    }
});
