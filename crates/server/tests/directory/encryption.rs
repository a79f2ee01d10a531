//! Which connections are believed, and that no password goes over others.

use patgate_server::provider::ldap::Step;
use patgate_testkit::certificates::Authority;
use patgate_testkit::clock::NOON;
use patgate_testkit::servers::slapd::Slapd;

use crate::{over, person};

#[tokio::test]
async fn ldaps_and_starttls_both_carry_passwords() {
    let slapd = Slapd::start();
    assert_eq!(person(&over(&slapd, ""), "alice").await.username, "alice");
    let start_tls = over(&slapd, &format!("urls = ['{}']\nstart_tls = true", slapd.url()));
    assert_eq!(person(&start_tls, "alice").await.username, "alice");
    assert!(slapd.log().contains("STARTTLS"), "{}", slapd.log());
}

#[tokio::test]
async fn a_server_of_another_authority_is_not_believed() {
    let (slapd, other) = (Slapd::start(), Authority::create());
    let trust = format!("trust = '{}'", other.certificate().display());
    for lines in [trust.clone(), format!("{trust}\nurls = ['{}']\nstart_tls = true", slapd.url())] {
        let fault = over(&slapd, &lines).find("alice", NOON).await.unwrap_err();
        assert_eq!(fault.step, Step::Tls);
        assert!(fault.detail.contains("is not trusted"), "{fault}");
    }
    assert!(!slapd.log().contains("BIND dn=\"cn=reader"), "nothing was said: {}", slapd.log());
    // The machine's authorities do not vouch for it either.
    assert_eq!(over(&slapd, "trust =").find("alice", NOON).await.unwrap_err().step, Step::Tls);
}

#[tokio::test]
async fn a_server_with_another_name_is_not_believed() {
    let slapd = Slapd::start();
    let url = slapd.ldaps_url().replace("127.0.0.1", "127.0.0.2");
    // The same socket answers under another address on Linux only when it listens there, so a forwarder stands in.
    let listener = tokio::net::TcpListener::bind(("127.0.0.2", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let target: std::net::SocketAddr = slapd.ldaps_url().trim_start_matches("ldaps://").parse().unwrap();
    tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        let mut server = tokio::net::TcpStream::connect(target).await.unwrap();
        let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
    });
    let url = format!("{}:{port}", url.rsplit_once(':').unwrap().0);
    let fault = over(&slapd, &format!("urls = ['{url}']")).find("alice", NOON).await.unwrap_err();
    assert_eq!(fault.step, Step::Tls);
    assert!(fault.detail.contains("is not trusted"), "{fault}");
}

#[tokio::test]
async fn passwords_go_in_the_clear_only_when_that_is_said_and_the_server_takes_them() {
    let strict = Slapd::start();
    let clear = |slapd: &Slapd| over(slapd, &format!("urls = ['{}']\nallow_clear_text = true", slapd.url()));
    let fault = clear(&strict).find("alice", NOON).await.unwrap_err();
    assert!(fault.step == Step::Manager && fault.detail.contains("confidentialityRequired"), "{fault}");
    let lax = Slapd::with().taking_clear_text().start();
    assert_eq!(person(&clear(&lax), "alice").await.username, "alice");
}

#[tokio::test]
async fn what_speaks_no_tls_gets_no_password() {
    let slapd = Slapd::start();
    let wrong_port = slapd.url().replace("ldap://", "ldaps://");
    let fault = over(&slapd, &format!("urls = ['{wrong_port}']")).find("alice", NOON).await.unwrap_err();
    assert_eq!(fault.step, Step::Tls, "{fault}");
    let missing = over(&slapd, "trust = '/nonexistent.pem'").find("alice", NOON).await.unwrap_err();
    assert_eq!(missing.step, Step::Trust);
}
