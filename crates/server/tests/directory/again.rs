//! Asking again about people who were known.

use patgate_server::provider::Answer;
use patgate_server::provider::ldap::Step;
use patgate_testkit::clock::NOON;
use patgate_testkit::servers::slapd::{PEOPLE, Slapd};

use crate::{over, person};

#[tokio::test]
async fn each_is_present_disabled_gone_or_unknown() {
    let slapd = Slapd::start();
    slapd.add_person("dave", "dave password");
    let directory = over(&slapd, "preset = 'openldap'\ndisabled_filter = '(employeeType=left)'");
    let (alice, bob, carol, dave) = (
        person(&directory, "alice").await,
        person(&directory, "bob").await,
        person(&directory, "carol").await,
        person(&directory, "dave").await,
    );
    let subjects = [&alice, &bob, &carol, &dave].map(|person| person.subject.clone());
    let answers = directory.look_up(&subjects, NOON).await.unwrap();
    let present: Vec<_> =
        [&alice, &bob, &carol, &dave].map(|person| Answer::Present(person.clone())).to_vec();
    assert_eq!(answers, present);

    slapd.remove_person("alice");
    slapd.set("bob", "pwdAccountLockedTime", "000001010000Z");
    slapd.set("carol", "employeeType", "left");
    slapd.set("dave", "mail", "new@example.org");
    let answers = directory.look_up(&subjects, NOON).await.unwrap();
    assert_eq!(answers[..3], [Answer::Gone, Answer::Disabled, Answer::Disabled]);
    let Answer::Present(dave) = &answers[3] else { panic!("{:?}", answers[3]) };
    assert_eq!(dave.email, "new@example.org");
    assert_eq!(directory.look_up(&subjects[..1], NOON).await, Ok(vec![Answer::Gone]));
}

#[tokio::test]
async fn whose_state_the_manager_cannot_read_is_confirmed_by_nobody() {
    let slapd = Slapd::start();
    slapd.add_person("dave", "dave password");
    let directory = over(
        &slapd,
        "preset = 'active-directory'\nexternal_id_attribute = 'uid'\ndisabled_filter = '(employeeType=left)'",
    );
    let dave = person(&directory, "dave").await;
    let ask = async || directory.look_up(&["dave", "alice", "carol"], NOON).await.unwrap();
    let alice = Answer::Present(person(&directory, "alice").await);
    assert_eq!(ask().await, [Answer::Unknown, alice.clone(), Answer::Disabled]);
    slapd.set("dave", "userAccountControl", "512");
    assert_eq!(ask().await, [Answer::Present(dave), alice.clone(), Answer::Disabled]);
    // What says that they are disabled counts, whatever else is hidden.
    slapd.unset("dave", "userAccountControl");
    slapd.set("dave", "employeeType", "left");
    assert_eq!(ask().await, [Answer::Disabled, alice, Answer::Disabled]);
}

#[tokio::test]
async fn a_renamed_user_is_the_same_and_one_made_again_is_another() {
    let slapd = Slapd::start();
    let directory = over(&slapd, "");
    let (alice, bob) = (person(&directory, "alice").await, person(&directory, "bob").await);
    slapd.modify(&format!(
        "dn: uid=alice,{PEOPLE}\nchangetype: modrdn\nnewrdn: uid=alicia\ndeleteoldrdn: 1\n"
    ));
    let answers = directory.look_up(&[&alice.subject], NOON).await.unwrap();
    let [Answer::Present(alicia)] = answers.as_slice() else { panic!("{answers:?}") };
    assert_eq!((alicia.username.as_str(), &alicia.groups), ("alicia", &alice.groups));
    slapd.remove_person("bob");
    slapd.add_person("bob", "bob password");
    assert_eq!(directory.look_up(&[&bob.subject], NOON).await, Ok(vec![Answer::Gone]));
    assert_ne!(person(&directory, "bob").await.subject, bob.subject);
}

#[tokio::test]
async fn who_fits_the_filter_of_users_no_more_is_gone() {
    let slapd = Slapd::start();
    slapd.set("alice", "employeeType", "staff");
    slapd.set("bob", "employeeType", "staff");
    let directory = over(&slapd, "user_search_filter = '(&(employeeType=staff)(uid={0}))'");
    let alice = person(&directory, "alice").await;
    slapd.set("alice", "employeeType", "guest");
    assert_eq!(directory.look_up(&[&alice.subject], NOON).await, Ok(vec![Answer::Gone]));
}

#[tokio::test]
async fn a_directory_that_does_not_show_its_users_says_nothing_of_anybody() {
    let mut slapd = Slapd::start();
    let alice = person(&over(&slapd, ""), "alice").await;
    for (lines, step) in [
        ("user_search_base = 'ou=nowhere,dc=example,dc=test'", Step::Base),
        ("user_search_base = 'ou=groups,dc=example,dc=test'", Step::Base),
        ("manager_dn = 'cn=blind,dc=example,dc=test'", Step::Base),
        ("manager_dn = 'cn=half,dc=example,dc=test'", Step::Base),
        ("manager_password = 'wrong'", Step::Manager),
        ("trust = '/nonexistent.pem'", Step::Trust),
    ] {
        let fault = over(&slapd, lines).look_up(&[&alice.subject], NOON).await.unwrap_err();
        assert_eq!(fault.step, step, "{lines}: {fault}");
    }
    slapd.stop();
    assert_eq!(over(&slapd, "").look_up(&[&alice.subject], NOON).await.unwrap_err().step, Step::Connect);
}

#[tokio::test]
async fn many_who_are_gone_are_gone() {
    let slapd = Slapd::start();
    let directory = over(&slapd, "");
    let strangers: Vec<_> = (0..10).map(|n| format!("00000000-0000-0000-0000-00000000000{n}")).collect();
    assert_eq!(directory.look_up(&strangers, NOON).await.unwrap(), vec![Answer::Gone; 10]);
    let alice = person(&directory, "alice").await.subject;
    let some: Vec<_> = strangers.iter().chain([&alice]).collect();
    let answers = directory.look_up(&some, NOON).await.unwrap();
    assert_eq!(answers.iter().filter(|answer| **answer == Answer::Gone).count(), 10);
}

#[tokio::test]
async fn keys_of_bytes_and_keys_that_are_none() {
    let slapd = Slapd::start();
    let directory = over(&slapd, "preset = 'active-directory'");
    let (alice, bob) = (person(&directory, "alice").await, person(&directory, "bob").await);
    let asked = [alice.subject.as_str(), "not hexadecimal", bob.subject.as_str(), "*)(uid=*"];
    let answers = directory.look_up(&asked, NOON).await.unwrap();
    let expected =
        [Answer::Present(alice.clone()), Answer::Unknown, Answer::Present(bob.clone()), Answer::Unknown];
    assert_eq!(answers, expected);
    let by_uuid = over(&slapd, "");
    assert_eq!(by_uuid.look_up(&["*"], NOON).await, Ok(vec![Answer::Gone]), "a pattern is nobody's key");
}

#[tokio::test]
async fn more_people_than_fit_one_search_are_all_asked_for() {
    let slapd = Slapd::start();
    let directory = over(&slapd, "nested_groups = true");
    let names: Vec<_> = (0..120).map(|number| format!("p{number}")).collect();
    let ldif: String = names
        .iter()
        .map(|name| {
            format!(
                "dn: uid={name},{PEOPLE}\nobjectClass: inetOrgPerson\nuid: {name}\ncn: {name}\nsn: {name}\n\n"
            )
        })
        .collect();
    slapd.add(&ldif);
    let members: Vec<_> = names.iter().map(|name| format!("uid={name},{PEOPLE}")).collect();
    slapd.add_group("many", &members.iter().map(String::as_str).collect::<Vec<_>>());
    let by_name = over(&slapd, "external_id_attribute = 'uid'\nnested_groups = true");
    let answers = by_name.look_up(&names, NOON).await.unwrap();
    for (name, answer) in names.iter().zip(answers) {
        let Answer::Present(person) = answer else { panic!("{name}: {answer:?}") };
        assert_eq!((&person.username, person.groups), (name, vec!["many".to_owned()]));
    }
    assert!(directory.find("p7", NOON).await.unwrap().is_some());
}
