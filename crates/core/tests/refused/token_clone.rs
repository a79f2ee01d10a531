//! A plain token exists once.

fn copy(token: &patgate_core::token::PlainToken) {
    let _: patgate_core::token::PlainToken = token.clone();
}

fn main() {}
