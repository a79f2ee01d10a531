//! The program as people run it: the real binary, nginx, PostgreSQL, curl and strace. One test binary, one file a topic.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a step of a test that cannot be done has failed the test"
)]

mod actors;
mod bad_input;
mod command_line_config;
mod command_line_providers;
mod command_line_tokens;
mod command_line_users;
mod confirmations;
mod crashes;
mod demo;
mod durability;
mod first_start;
mod guide_nginx;
mod jobs;
mod log_outs;
mod logs;
mod mail_nodes;
mod mail_server;
mod main_job;
mod odd_requests;
mod pages;
mod providers;
mod readme;
mod recipe;
mod release_applications;
mod release_credentials;
mod release_limits;
mod release_nodes;
mod releases;
mod scim;
mod scripts;
mod several_nodes;
mod shutdown;
mod sign_in;
mod tls;
mod vendor_clients;
mod vendor_ldap;
mod vendor_lines;
mod vendor_mails;
mod vendor_ports;
mod vendor_sso;
mod webhook_nodes;
mod webhooks;
mod webhooks_attacked;
mod webhooks_away;
