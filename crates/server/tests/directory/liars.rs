//! Servers that lie, babble, or meddle. Whatever they say, it is a fault, and it costs little.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use patgate_server::provider::Answer;
use patgate_server::provider::ldap::{Directory, FaultOf, LdapFault, Step};
use patgate_testkit::clock::NOON;
use patgate_testkit::servers::fake_directory::{
    BIND, EXTENDED, FakeDirectory, Request, SEARCH, Said, element, entry, message, result, result_with,
};
use patgate_testkit::wait;

use crate::{configured, try_in};

/// The address of a server that answers each request, told by its tag and number, with these bytes. `None`: silence.
fn server(answer: impl Fn(u8, u8) -> Option<Vec<u8>> + Send + Sync + 'static) -> String {
    FakeDirectory::start(move |request| answer(request.tag, request.id)).url()
}

fn directory(url: &str, more: &str) -> Directory {
    configured(&format!(
        "[[ldap]]\nname = 'corp'\nurls = ['{url}']\nallow_clear_text = true\nuser_search_base = 'dc=x'\nmanager_dn = 'cn=m'\n\
         manager_password = 'secret words'\nconnect_timeout_seconds = 1\ntimeout_seconds = 1\n{more}"
    ))
}

/// One user, whom every search finds.
fn ann(id: u8) -> Vec<u8> {
    let entry = entry("uid=ann,dc=x", &[("uid", b"ann"), ("entryUUID", b"1-2-3"), ("cn", b"Ann")]);
    [message(id, 0x64, &entry), message(id, 0x65, &result(0))].concat()
}

async fn fault(url: &str) -> LdapFault {
    try_in(&directory(url, ""), "ann", "ann password").await.unwrap_err()
}

#[tokio::test]
async fn a_server_that_says_yes_to_everything_is_an_ordinary_server() {
    let url = server(|tag, id| match tag {
        BIND => Some(message(id, 0x61, &result(0))),
        SEARCH => Some(ann(id)),
        _ => None,
    });
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
        server(|_, id| Some(message(id, 0x64, &entry("uid=x", &[("cn", &[b'x'; 60_000])])).repeat(2_000)));
    let told = fault(&endless).await.detail;
    assert!(told.contains("not asked"), "{told}");
    let many = server(|tag, id| match tag {
        BIND => Some(message(id, 0x61, &result(0))),
        _ => Some(message(id, 0x64, &entry("uid=x", &[("cn", &[b'x'; 60_000])])).repeat(2_000)),
    });
    let told = fault(&many).await.detail;
    assert!(told.contains("longer than 32 MiB"), "{told}");
    let huge = server(|_, _| Some([&[0x30, 0x84, 0x7f, 0xff, 0xff, 0xff], [0; 10_000].as_slice()].concat()));
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
        let url = server(move |_, _| Some(said.clone()));
        let told = fault(&url).await.detail;
        assert!(told.contains("does not speak LDAP") || told.contains("not asked"), "{told}");
    }
}

#[tokio::test]
async fn an_answer_to_another_question_is_a_fault() {
    for (number, tag) in [(1, 0x61), (0, 0x65)] {
        let url = server(move |_, id| Some(message(id + number, tag, &result(0))));
        assert!(fault(&url).await.detail.contains("not asked"), "{number} {tag}");
    }
    let farewell = server(|_, _| Some(message(0, 0x78, &result(52))));
    assert!(fault(&farewell).await.detail.contains("unavailable"));
}

#[tokio::test]
async fn referrals_are_not_followed() {
    let elsewhere = FakeDirectory::start(|request| Some(message(request.id, 0x61, &result(0))));
    let place = element(4, format!("{}/dc=evil", elsewhere.url()).as_bytes());
    let reference = place.clone();
    let url = server(move |tag, id| match tag {
        BIND => Some(message(id, 0x61, &result(0))),
        _ => Some([message(id, 0x73, &reference), ann(id)].concat()),
    });
    assert!(try_in(&directory(&url, ""), "ann", "x").await.unwrap().is_some(), "what is here counts");
    // The whole search is somewhere else, and the whole sign-in (RFC 4511 §4.1.10).
    let referral = move || [result(10), element(0xa3, &place)].concat();
    let for_search = referral.clone();
    let url = server(move |tag, id| match tag {
        BIND => Some(message(id, 0x61, &result(0))),
        _ => Some(message(id, 0x65, &for_search())),
    });
    assert!(fault(&url).await.detail.contains("LDAP 10"));
    let url = server(move |_, id| Some(message(id, 0x61, &referral())));
    assert!(fault(&url).await.detail.contains("LDAP 10"));
    // Connections are counted in their order: if this is the first, nobody came before.
    let _own = std::net::TcpStream::connect(elsewhere.url().strip_prefix("ldap://").unwrap()).unwrap();
    wait::until(Duration::from_secs(10), || (elsewhere.connections() > 0).then_some(())).unwrap();
    assert_eq!(elsewhere.connections(), 1);
}

#[tokio::test]
async fn what_cannot_be_read_is_told_apart_from_a_directory_that_does_not_answer() {
    for (answer, of) in [
        (None, FaultOf::Directory),
        (Some(message(2, 0x65, &result(32))), FaultOf::Directory),
        (Some(message(2, 0x65, &result(50))), FaultOf::Directory),
        (Some(message(2, 0x65, &result(52))), FaultOf::Directory),
        (Some(message(9, 0x65, &result(0))), FaultOf::Directory),
        (Some(message(2, 0x65, &result(4))), FaultOf::Content),
        (Some(message(2, 0x65, b"")), FaultOf::Content),
        (Some(vec![0x30, 0x84, 0x7f, 0xff, 0xff, 0xff]), FaultOf::Content),
        (
            Some([message(2, 0x64, &entry("uid=x", &[])), message(2, 0x65, &result(0))].concat()),
            FaultOf::Content,
        ),
    ] {
        let said = answer.clone();
        let url = server(move |tag, id| match tag {
            BIND => Some(message(id, 0x61, &result(0))),
            _ => said.clone(),
        });
        let fault = directory(&url, "").look_up(&["1-2-3"], NOON).await.unwrap_err();
        assert_eq!(fault.of, of, "{answer:?}: {fault}");
    }
}

#[tokio::test]
async fn silence_is_a_fault_after_the_time_that_was_set() {
    let mute = server(|_, _| None);
    assert!(fault(&mute).await.detail.contains("no answer within 1 s"));
    let drops = server(|tag, id| match tag {
        BIND => Some(message(id, 0x61, &result(0))),
        // A byte, and then nothing.
        _ => Some(vec![0x30]),
    });
    assert!(fault(&drops).await.detail.contains("no answer within 1 s"));
}

/// How long a question may take in all, of which no step may take longer than a second.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is wrong when somebody signs in whom nothing would keep out but the time that it takes.
async fn out_of_time(answer: impl Fn(Request<'_>) -> Said + Send + Sync + 'static) -> LdapFault {
    let slow = FakeDirectory::saying(answer);
    let directory = directory(&slow.url(), "");
    let tried = tokio::time::timeout(PATIENCE, try_in(&directory, "ann", "ann password"));
    tried.await.unwrap().unwrap_err()
}

fn welcome(id: u8) -> Vec<u8> {
    message(id, 0x61, &result(0))
}

#[tokio::test]
async fn an_answer_that_comes_a_byte_at_a_time_is_none_after_the_time_that_was_set() {
    // The manager, the search, and the password: each answer is right, and takes a few seconds.
    let manager = out_of_time(|request| Said::Dribbled(welcome(request.id))).await;
    let search = out_of_time(|request| match request.tag {
        BIND => Said::AtOnce(welcome(request.id)),
        _ => Said::Dribbled(ann(request.id)),
    });
    let asks_for_ann = |request: Request<'_>| request.bytes.windows(7).any(|bytes| bytes == b"uid=ann");
    let password = out_of_time(move |request| match request.tag {
        BIND if asks_for_ann(request) => Said::Dribbled(welcome(request.id)),
        BIND => Said::AtOnce(welcome(request.id)),
        _ => Said::AtOnce(ann(request.id)),
    });
    for (fault, step) in
        [(manager, Step::Manager), (search.await, Step::Users), (password.await, Step::Password)]
    {
        assert!(fault.step == step && fault.detail.contains("no answer within 1 s"), "{fault:?}");
    }
}

#[tokio::test]
async fn an_answer_without_an_end_is_none_after_the_time_that_was_set() {
    let elsewhere = element(4, b"ldap://elsewhere.example/dc=x");
    let entries = |id| message(id, 0x64, &entry("uid=ann,dc=x", &[("uid", b"ann"), ("entryUUID", b"1-2-3")]));
    let references = move |id| message(id, 0x73, &elsewhere);
    // An intermediate answer (RFC 4511 §4.13), which says nothing.
    let nothing = |id| message(id, 0x79, b"");
    let search = |piece: Box<dyn Fn(u8) -> Vec<u8> + Send + Sync>| {
        out_of_time(move |request| match request.tag {
            BIND => Said::AtOnce(welcome(request.id)),
            _ => Said::WithoutAnEnd(piece(request.id)),
        })
    };
    for fault in
        [search(Box::new(entries)).await, search(Box::new(references)).await, search(Box::new(nothing)).await]
    {
        assert!(fault.step == Step::Users && fault.detail.contains("no answer within 1 s"), "{fault:?}");
    }
}

#[tokio::test]
async fn people_are_looked_up_in_time_or_not_at_all() {
    let slow = FakeDirectory::saying(|request| match request.tag {
        BIND => Said::AtOnce(welcome(request.id)),
        _ => Said::Dribbled(ann(request.id)),
    });
    let directory = directory(&slow.url(), "");
    let asked = tokio::time::timeout(PATIENCE, directory.look_up(&["1-2-3"], NOON));
    let fault = asked.await.expect("it ends").unwrap_err();
    assert!(fault.of == FaultOf::Directory && fault.detail.contains("no answer within 1 s"), "{fault:?}");
}

#[tokio::test]
async fn a_server_that_repeats_the_password_shows_it_to_nobody() {
    let url = server(|_, id| Some(message(id, 0x61, &result_with(80, "you said: secret words"))));
    let told = fault(&url).await.detail;
    assert!(told.contains("you said: …") && !told.contains("secret words"), "{told}");
    // The first who signs in is the manager, the second is Ann.
    let binds = Arc::new(AtomicU8::new(0));
    let url = server(move |tag, id| match tag {
        SEARCH => Some(ann(id)),
        _ if binds.fetch_add(1, Ordering::SeqCst) == 0 => Some(message(id, 0x61, &result(0))),
        _ => Some(message(id, 0x61, &result_with(80, "you said: ann password"))),
    });
    let told = fault(&url).await.detail;
    assert!(told.contains("LDAP 80") && !told.contains("ann password"), "{told}");
}

#[tokio::test]
async fn who_puts_words_behind_starttls_is_not_listened_to() {
    let injects = server(|tag, id| match tag {
        EXTENDED => Some([message(id, 0x78, &result(0)), message(2, 0x61, &result(0))].concat()),
        _ => Some(message(id, 0x61, &result(0))),
    });
    let start_tls = |url: &str| directory(url, "start_tls = true");
    let told = start_tls(&injects).find("ann", NOON).await.unwrap_err().detail;
    assert!(told.contains("meddles"), "{told}");
    // One that refuses StartTLS gets nothing in the clear instead.
    let refuses = server(|tag, id| match tag {
        EXTENDED => Some(message(id, 0x78, &result(2))),
        BIND => Some(message(id, 0x61, &result(0))),
        _ => Some(ann(id)),
    });
    let told = start_tls(&refuses).find("ann", NOON).await.unwrap_err().detail;
    assert!(told.contains("refused StartTLS"), "{told}");
}
