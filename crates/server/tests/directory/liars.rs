//! Servers that lie, babble, or meddle. Whatever they say, it is a fault, and it costs little.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use patgate_server::provider::Answer;
use patgate_server::provider::ldap::{Directory, Fault};
use patgate_testkit::clock::NOON;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::{configured, try_in};

const BIND: u8 = 0x60;
const SEARCH: u8 = 0x63;
const EXTENDED: u8 = 0x77;

/// One element of BER; lengths of two bytes, which is allowed.
fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = u16::try_from(contents.len()).unwrap().to_be_bytes();
    [&[tag, 0x82, length[0], length[1]], contents].concat()
}

fn message(id: u8, tag: u8, contents: &[u8]) -> Vec<u8> {
    element(0x30, &[&[2, 1, id], element(tag, contents).as_slice()].concat())
}

fn result(code: u8) -> Vec<u8> {
    [&[0x0a, 1, code], element(4, b"").as_slice(), element(4, b"words").as_slice()].concat()
}

fn entry(dn: &str, attributes: &[(&str, &[u8])]) -> Vec<u8> {
    let attribute = |(name, value): &(&str, &[u8])| {
        let set = element(0x31, &element(4, value));
        element(0x30, &[element(4, name.as_bytes()), set].concat())
    };
    let list: Vec<u8> = attributes.iter().flat_map(attribute).collect();
    [element(4, dn.as_bytes()), element(0x30, &list)].concat()
}

/// A server on a free port that answers each request, told by its tag and number, with these bytes. `None`: silence.
async fn server(answer: impl Fn(u8, u8) -> Option<Vec<u8>> + Send + Sync + Clone + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ldap://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut buffer = vec![0; 65_536];
                while let Ok(1..) = connection.read(&mut buffer).await {
                    // The head of the message, then `INTEGER` with one byte, then the request.
                    let start = if buffer[1] < 0x80 { 2 } else { 2 + usize::from(buffer[1] & 0x7f) };
                    if let Some(bytes) = answer(buffer[start + 3], buffer[start + 2])
                        && connection.write_all(&bytes).await.is_err()
                    {
                        break;
                    }
                }
            });
        }
    });
    url
}

fn directory(url: &str, more: &str) -> Directory {
    configured(&format!(
        "urls = ['{url}']\nallow_clear_text = true\nuser_search_base = 'dc=x'\nmanager_dn = 'cn=m'\n\
         manager_password = 'secret words'\nconnect_timeout_seconds = 1\ntimeout_seconds = 1\n{more}"
    ))
}

/// One user, whom every search finds.
fn ann(id: u8) -> Vec<u8> {
    let entry = entry("uid=ann,dc=x", &[("uid", b"ann"), ("entryUUID", b"1-2-3"), ("cn", b"Ann")]);
    [message(id, 0x64, &entry), message(id, 0x65, &result(0))].concat()
}

async fn fault(url: &str) -> Fault {
    try_in(&directory(url, ""), "ann", "ann password").await.unwrap_err()
}

#[tokio::test]
async fn a_server_that_says_yes_to_everything_is_an_ordinary_server() {
    let url = server(|tag, id| match tag {
        BIND => Some(message(id, 0x61, &result(0))),
        SEARCH => Some(ann(id)),
        _ => None,
    })
    .await;
    let Some(Answer::Present(ann)) = try_in(&directory(&url, ""), "ann", "x").await.unwrap() else {
        panic!("Ann")
    };
    assert_eq!((ann.subject.as_str(), ann.full_name.as_str()), ("1-2-3", "Ann"));
    // It would also say yes to an empty password, as servers do (RFC 4513 §5.1.2).
    assert_eq!(try_in(&directory(&url, ""), "ann", "").await.unwrap(), None);
}

#[tokio::test]
async fn whoever_babbles_without_an_end_is_given_up() {
    let endless =
        server(|_, id| Some(message(id, 0x64, &entry("uid=x", &[("cn", &[b'x'; 60_000])])).repeat(2_000)))
            .await;
    let told = fault(&endless).await.detail;
    assert!(told.contains("not asked"), "{told}");
    let many = server(|tag, id| match tag {
        BIND => Some(message(id, 0x61, &result(0))),
        _ => Some(message(id, 0x64, &entry("uid=x", &[("cn", &[b'x'; 60_000])])).repeat(2_000)),
    })
    .await;
    let told = fault(&many).await.detail;
    assert!(told.contains("longer than 32 MiB"), "{told}");
    let huge =
        server(|_, _| Some([&[0x30, 0x84, 0x7f, 0xff, 0xff, 0xff], [0; 10_000].as_slice()].concat())).await;
    let told = fault(&huge).await.detail;
    assert!(told.contains("longer than 2 MiB"), "{told}");
}

#[tokio::test]
async fn nonsense_is_a_fault() {
    let mut nested = Vec::new();
    for depth in (0..200_000_u32).rev() {
        nested.extend_from_slice(&[0x30, 0x84]);
        nested.extend_from_slice(&(depth * 6).to_be_bytes());
    }
    for nonsense in [
        b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
        b"220 mail.example.org ESMTP\r\n".to_vec(),
        nested,
        vec![0x30, 0x80, 0, 0],
        vec![0x30, 0],
        message(1, 0x65, b""),
        message(1, 0x7f, b""),
    ] {
        let said = nonsense.clone();
        let url = server(move |_, _| Some(said.clone())).await;
        let told = fault(&url).await.detail;
        assert!(told.contains("does not speak LDAP") || told.contains("not asked"), "{told}");
    }
}

#[tokio::test]
async fn an_answer_to_another_question_is_a_fault() {
    for (number, tag) in [(1, 0x61), (0, 0x65)] {
        let url = server(move |_, id| Some(message(id + number, tag, &result(0)))).await;
        assert!(fault(&url).await.detail.contains("not asked"), "{number} {tag}");
    }
    let farewell = server(|_, _| Some(message(0, 0x78, &result(52)))).await;
    assert!(fault(&farewell).await.detail.contains("unavailable"));
}

#[tokio::test]
async fn referrals_are_not_followed() {
    let elsewhere = |id| message(id, 0x73, &element(4, b"ldap://127.0.0.1:1/dc=evil"));
    let url = server(move |tag, id| match tag {
        BIND => Some(message(id, 0x61, &result(0))),
        _ => Some([elsewhere(id), ann(id), vec![]].concat()),
    })
    .await;
    assert!(try_in(&directory(&url, ""), "ann", "x").await.unwrap().is_some(), "what is here counts");
    let url = server(|tag, id| match tag {
        BIND => Some(message(id, 0x61, &result(0))),
        _ => Some(message(id, 0x65, &result(10))),
    })
    .await;
    assert!(fault(&url).await.detail.contains("LDAP 10"));
}

#[tokio::test]
async fn silence_is_a_fault_after_the_time_that_was_set() {
    let mute = server(|_, _| None).await;
    assert!(fault(&mute).await.detail.contains("no answer within 1 s"));
    let drops = server(|tag, id| match tag {
        BIND => Some(message(id, 0x61, &result(0))),
        // A byte, and then nothing.
        _ => Some(vec![0x30]),
    })
    .await;
    assert!(fault(&drops).await.detail.contains("no answer within 1 s"));
}

#[tokio::test]
async fn a_server_that_repeats_the_password_shows_it_to_nobody() {
    let repeats = |words: &'static [u8]| {
        server(move |_, id| {
            let said = [&[0x0a, 1, 80], element(4, b"").as_slice(), element(4, words).as_slice()].concat();
            Some(message(id, 0x61, &said))
        })
    };
    let told = fault(&repeats(b"you said: secret words").await).await.detail;
    assert!(told.contains("you said: …") && !told.contains("secret words"), "{told}");
    // The first who signs in is the manager, the second is Ann.
    let binds = Arc::new(AtomicU8::new(0));
    let url = server(move |tag, id| match tag {
        SEARCH => Some(ann(id)),
        _ if binds.fetch_add(1, Ordering::SeqCst) == 0 => Some(message(id, 0x61, &result(0))),
        _ => {
            let words = element(4, b"you said: ann password");
            Some(message(id, 0x61, &[&[0x0a, 1, 80], element(4, b"").as_slice(), words.as_slice()].concat()))
        }
    })
    .await;
    let told = fault(&url).await.detail;
    assert!(told.contains("LDAP 80") && !told.contains("ann password"), "{told}");
}

#[tokio::test]
async fn who_puts_words_behind_starttls_is_not_listened_to() {
    let injects = server(|tag, id| match tag {
        EXTENDED => Some([message(id, 0x78, &result(0)), message(2, 0x61, &result(0))].concat()),
        _ => Some(message(id, 0x61, &result(0))),
    })
    .await;
    let start_tls = |url: &str| directory(url, "start_tls = true\nallow_clear_text = false");
    let told = start_tls(&injects).find("ann", NOON).await.unwrap_err().detail;
    assert!(told.contains("meddles"), "{told}");
    // One that refuses StartTLS gets nothing in the clear instead.
    let refuses = server(|tag, id| match tag {
        EXTENDED => Some(message(id, 0x78, &result(2))),
        BIND => Some(message(id, 0x61, &result(0))),
        _ => Some(ann(id)),
    })
    .await;
    let told = start_tls(&refuses).find("ann", NOON).await.unwrap_err().detail;
    assert!(told.contains("refused StartTLS"), "{told}");
}
