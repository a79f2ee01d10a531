// A page that the browser kept in memory for its back button is asked for again: its tokens may be deleted meanwhile, or whom
// it is for logged out.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
