//! What is read, what is refused, and that what is written is read as the same.

use proptest::prelude::*;

use super::*;

fn refused(text: &str) -> NotXml {
    read(text.as_bytes()).unwrap_err()
}

#[test]
fn a_ci_is_read_as_clients_write_it() {
    let text = "\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- by hand -->\n\
        <notification.PatSmtpServer id=\"Configuration/a&amp;b\" token='1-2'>\r\n  <host>mail.example.org</host>\n\
        <password>&lt;h&#x75;nter<![CDATA[2&<>]]>&#50; </password><username/>\n\
        <smtpProperties><entry key=\"mail.smtp.auth\">true</entry></smtpProperties></notification.PatSmtpServer>\n";
    let read = read(text.as_bytes()).unwrap();
    assert_eq!((read.name(), read.value_of("id")), ("notification.PatSmtpServer", Some("Configuration/a&b")));
    assert_eq!(read.find("password").unwrap().content(), "<hunter2&<>2 ");
    assert_eq!(read.find("username").unwrap().content(), "");
    let entry = &read.find("smtpProperties").unwrap().children()[0];
    assert_eq!((entry.value_of("key"), entry.content()), (Some("mail.smtp.auth"), "true"));
    assert!(!format!("{read:?}").contains("hunter"), "{read:?}");
}

#[test]
fn what_is_no_document_or_more_than_one_is_refused() {
    assert_eq!(read(b"<a>\xff</a>"), Err(NotXml::NotUtf8));
    for text in ["", "  ", "text", "<a/><b/>", "<a/>text", "&lt;"] {
        assert_eq!(refused(text), NotXml::NotOne, "{text}");
    }
    for text in
        ["<a>", "<a></b>", "</a>", "<a b></a>", "<a b=c/>", "<a", "<1/>", "<a b='<'/>", "<a b='&x;'/>"]
    {
        assert!(matches!(refused(text), NotXml::Malformed(_)), "{text}: {:?}", refused(text));
    }
    assert_eq!(refused("<a b='1' b='2'/>"), NotXml::Repeated("b".to_owned()));
    assert_eq!(refused("<a>&#0;</a>"), NotXml::Character);
    assert_eq!(refused("<a>&#1;</a>"), NotXml::Character);
    assert_eq!(refused("<a b='&#1;'/>"), NotXml::Character);
}

#[test]
fn nothing_is_fetched_expanded_or_piled_up() {
    let bomb = "<!DOCTYPE a [<!ENTITY x \"yyyyyyyyyy\"><!ENTITY z \"&x;&x;&x;\">]><a>&z;</a>";
    assert_eq!(refused(bomb), NotXml::DocumentType);
    assert_eq!(refused("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>"), NotXml::DocumentType);
    assert_eq!(refused("<a>&xxe;</a>"), NotXml::Entity("xxe".to_owned()));
    assert_eq!(refused(&("<a>".repeat(DEEPEST + 1) + &"</a>".repeat(DEEPEST + 1))), NotXml::Large);
    assert!(read(("<a>".repeat(DEEPEST) + &"</a>".repeat(DEEPEST)).as_bytes()).is_ok());
    assert_eq!(refused(&format!("<a>{}</a>", "<b/>".repeat(MOST_ELEMENTS))), NotXml::Large);
    let many: String = (0..33).map(|number| format!(" a{number}='x'")).collect();
    assert_eq!(refused(&format!("<a{many}/>")), NotXml::Large);
}

#[test]
fn what_no_document_can_hold_is_replaced() {
    let written = Element::new("a").attribute("b", "x\u{1}\n\"'").text("\u{0}<&>\u{ffff}").to_document();
    let read = read(written.as_bytes()).unwrap();
    assert_eq!((read.value_of("b"), read.content()), (Some("x\u{fffd}\n\"'"), "\u{fffd}<&>\u{fffd}"));
}

#[test]
fn what_can_be_no_name_is_a_value() {
    let called = |name: &str| Element::called(name, "ci", "type").to_document();
    assert_eq!(called("notification.PatSmtpServer"), "<notification.PatSmtpServer/>");
    assert_eq!(called("größe"), "<größe/>");
    for (name, written) in [
        ("a><script>alert(1)</script", "a&gt;&lt;script&gt;alert(1)&lt;/script"),
        ("a b=\"c\"", "a b=&quot;c&quot;"),
        ("1a", "1a"),
        ("-a", "-a"),
        ("a:b", "a:b"),
        ("", ""),
        ("a\u{0}", "a\u{fffd}"),
        ("a\u{d7}", "a\u{d7}"),
    ] {
        assert_eq!(called(name), format!("<ci type=\"{written}\"/>"), "{name:?}");
    }
}

proptest! {
    #[test]
    fn whatever_an_element_is_called_it_is_read_as_one(
        name in "[<>/a b='\"&;!:.-]{0,12}|.{0,8}", value in ".{0,12}", text in "[<>&\\]a]{0,8}|.{0,12}",
    ) {
        let element = Element::called(&name, "property", "name").attribute("key", value).text(text);
        let read = read(element.to_document().as_bytes()).unwrap();
        prop_assert!(read.children().is_empty());
        prop_assert!(read.name() == name || read.name() == "property", "{read:?}");
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[<>/a b='\"&;!\\[\\]?-]{0,60}|.{0,40}") {
        if let Ok(first) = read(text.as_bytes()) {
            prop_assert_eq!(read(first.to_document().as_bytes()).unwrap(), first);
        }
    }

    #[test]
    fn what_is_written_is_read_as_the_same(value in "[ -~\\n\\r\\té€]{0,20}", text in "[ -~\\n\\r\\té€]{0,20}") {
        let element = Element::new("a").attribute("b", value).child(Element::new("c").text(text));
        prop_assert_eq!(read(element.to_document().as_bytes()).unwrap(), element);
    }
}
