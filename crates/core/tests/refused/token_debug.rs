//! A plain token cannot be printed for a log.

fn log(token: &patgate_core::token::PlainToken) {
    let _ = format!("{token:?}");
}

fn main() {}
