//! Mail servers, what is set about reminders, and runs that have gone through.

use patgate_core::identifier::{MailId, RunId};
use patgate_core::policy::EmailNotifications;
use patgate_core::policy::notification::NotificationDays;
use patgate_core::reminder::{Plan, PlannedMail, SkipReason};
use patgate_store::{MailOutcome, RunNote};
use serde_json::json;

use super::{IssuedToken, PASSWORD, Person, World, post};

impl World {
    /// A mail server among the configuration items, made by this administrator.
    pub(crate) async fn mail_server(&self, admin: &Person, id: &str, port: u16) {
        let properties = json!({ "host": "127.0.0.1", "port": port, "fromAddress": "patgate@example.org" });
        self.mail_server_of(admin, id, properties).await;
    }

    /// The same, with these properties.
    pub(crate) async fn mail_server_of(&self, admin: &Person, id: &str, properties: serde_json::Value) {
        let server = json!({ "id": id, "type": "notification.PatSmtpServer", "properties": properties });
        let call = post("/api/v1/configuration-items").basic(&admin.username, PASSWORD).json(&server);
        let answer = self.send(call).await;
        assert_eq!(answer.status(), 201, "{}", answer.text());
    }

    /// Changes what is set about reminders.
    pub(crate) async fn notify(&self, change_it: impl FnOnce(&mut EmailNotifications)) {
        let mut change = self.change().await;
        let mut settings = change.token_settings().await.unwrap();
        change_it(&mut settings.email_notifications);
        change.put_token_settings(&settings).await.unwrap();
        self.commit(change).await;
    }

    /// A run that planned nothing.
    pub(crate) async fn empty_run(&self, note: RunNote) -> RunId {
        let id = RunId::generate(&mut self.state.random.draw());
        let mut change = self.change().await;
        change.plan_reminders(id).commit(Some(note)).await.unwrap();
        self.commit(change).await;
        id
    }

    /// A run that planned a mail about each of these tokens of one owner, and skipped the tokens that follow.
    pub(crate) async fn run(
        &self,
        owner: &Person,
        planned: &[&IssuedToken],
        skipped: &[&IssuedToken],
    ) -> RunId {
        let id = RunId::generate(&mut self.state.random.draw());
        let night = "2026-05-03".parse().unwrap();
        let begun = self.state.store.begin_reminder_run(id, night, self.clock.now()).await.unwrap();
        let mut planning = begun.unwrap();
        let days = NotificationDays::default();
        let mail = |token: &&IssuedToken| PlannedMail { owner: owner.id, tokens: vec![(token.id, days)] };
        let plan = Plan {
            mails: planned.iter().map(mail).collect(),
            skipped: skipped.iter().map(|token| (token.id, owner.id, SkipReason::NoAddress)).collect(),
        };
        planning.write(&plan, || MailId::generate(&mut self.state.random.draw())).await.unwrap();
        planning.commit(None).await.unwrap();
        id
    }

    /// A run by hand that planned one mail about all these tokens of one owner.
    pub(crate) async fn digest(&self, owner: &Person, tokens: &[&IssuedToken]) -> RunId {
        let days = NotificationDays::default();
        let mail =
            PlannedMail { owner: owner.id, tokens: tokens.iter().map(|token| (token.id, days)).collect() };
        let plan = Plan { mails: vec![mail], skipped: Vec::new() };
        let id = RunId::generate(&mut self.state.random.draw());
        let mut change = self.change().await;
        let mut planning = change.plan_reminders(id);
        planning.write(&plan, || MailId::generate(&mut self.state.random.draw())).await.unwrap();
        planning.commit(None).await.unwrap();
        self.commit(change).await;
        id
    }

    /// All mails that wait are refused for good. Which they are.
    pub(crate) async fn fail_mails(&self, answer: &str) -> Vec<MailId> {
        let failed =
            |address: &str| MailOutcome::Failed { address: address.to_owned(), answer: answer.to_owned() };
        self.mark_mails(failed).await
    }

    /// All mails that wait are refused, and wait on.
    pub(crate) async fn put_mails_off(&self, answer: &str) {
        let due_at = self.clock.now();
        self.mark_mails(|_| MailOutcome::Later { due_at, answer: answer.to_owned() }).await;
    }

    async fn mark_mails(&self, outcome: impl Fn(&str) -> MailOutcome) -> Vec<MailId> {
        let store = &self.state.store;
        let sender = store.sender().await.unwrap().unwrap();
        let mails = store.claim_mails(&sender, self.clock.now(), 1_000).await.unwrap();
        let outcomes: Vec<_> = mails.iter().map(|mail| (mail.claim, outcome(&mail.address))).collect();
        store.mark_mails(&sender, &outcomes, self.clock.now()).await.unwrap();
        mails.iter().map(|mail| mail.id).collect()
    }
}
