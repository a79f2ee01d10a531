//! Any text is a mail address or refused; one that is read is no more than one on a line of SMTP, and is read again as itself.
#![no_main]

use patgate_fuzz::mail::Mailbox;

libfuzzer_sys::fuzz_target!(|text: &str| {
    for mailbox in [Mailbox::at(text), text.parse()].into_iter().flatten() {
        let address = mailbox.address();
        let is_out = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>');
        assert!(!address.contains(is_out) && address.len() <= Mailbox::LONGEST, "{address}");
        assert!(mailbox.domain().is_ascii(), "{address}");
        assert!(!mailbox.name().unwrap_or_default().contains(char::is_control));
        // What is written in ASCII for other letters is not looked at here as closely as by those who read it.
        if !mailbox.domain().contains("xn--") {
            assert_eq!(Mailbox::at(address).map(|again| again.address().to_owned()), Ok(address.to_owned()));
        }
    }
});
