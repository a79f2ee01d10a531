//! What is done to a page, where no key and no click does it.

/// Makes a form believe that it was shown something else than what is stored.
pub(super) const STALE: &str = "document.querySelector('main [name=shown]').value = 'something else'";
/// Opens the first call of the API page, and tries it.
pub(super) const TRY: &str = "document.querySelector('details.call').open = true";
/// Sends a call by its form, as the page does where no script makes it.
pub(super) const SEND: &str =
    "const call = 'form[data-path=\"/api/v1/personal-access-tokens\"][data-try=GET]';
     document.querySelector(call).submit()";
/// Opens some calls of every kind.
pub(super) const OPEN: &str =
    "document.querySelectorAll('details.call').forEach((call, at) => { call.open = at % 3 === 0; })";
/// Sends the panel *Generate token* twice.
pub(super) const TWICE: &str = "const form = document.querySelector('main form[data-generate]');
     const request = new XMLHttpRequest();
     request.open('POST', form.action, false);
     request.setRequestHeader('Content-Type', 'application/x-www-form-urlencoded');
     request.send(new URLSearchParams(new FormData(form)).toString());
     form.submit();";
/// Lets the field of the mail address take whatever is typed.
pub(super) const ANY_ADDRESS: &str = "document.querySelector('#email').type = 'text'";
/// Sends a long text as a form would whose session has ended.
pub(super) const LOSE: &str = "const form = document.querySelector('main form');
     form.action = '/settings/notifications';
     form.elements.next.value = 'x'.repeat(5000);
     form.submit();";
/// A window that no rule allows.
pub(super) const ANY_WINDOW: &str = "document.querySelector('[name=freshness_sso]').value = '99999'";
