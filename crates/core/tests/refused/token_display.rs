//! A plain token cannot be printed for people.

fn print(token: &patgate_core::token::PlainToken) {
    let _ = format!("{token}");
}

fn main() {}
