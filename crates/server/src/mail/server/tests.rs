//! What is read, refused and warned of in the fields of a mail server.
