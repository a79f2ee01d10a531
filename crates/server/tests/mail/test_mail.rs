//! The button *Send Test Mail*.

use patgate_server::mail::{self, Outcome, StepName};
use patgate_testkit::random;
use patgate_testkit::servers::mail::{MailServer, Way};

use super::{believing, mailbox, signed_in, steps};

#[tokio::test]
async fn a_test_mail_shows_each_step() {
    let mails = MailServer::start();
    let server = believing(&mails, &signed_in(&mails, Way::Required, &[]));
    let now = "2026-11-22T12:00:00Z".parse().unwrap();
    let report = mail::test(&server, &mailbox("ann@example.org"), now, &mut random::seeded(1)).await;
    use StepName::{Authentication, Connect, Greeting, Message, Recipient, Resolve, Sender, Tls};
    let expected = [Resolve, Connect, Greeting, Tls, Authentication, Sender, Recipient, Message];
    assert_eq!(steps(&report), expected.map(|name| (name, Outcome::Done)), "{report:#?}");
    assert_eq!(report.steps[7].words.as_deref(), Some("250 2.0.0 queued as 0001"));
    let kept = &mails.kept()[0];
    assert_eq!(kept.header("Subject"), ["Test mail from Patgate"]);
    assert_eq!(kept.parts.len(), 3);

    let report = mail::test(&server, &mailbox("reject@example.org"), now, &mut random::seeded(2)).await;
    let failed = report.failed().unwrap();
    assert_eq!((failed.name, report.steps.len()), (Recipient, 7));
    assert_eq!(failed.words.as_deref(), Some("550 5.1.1 no such mailbox here"));
}
