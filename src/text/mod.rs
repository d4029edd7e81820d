//! What is shown: escaped, fitted, wrapped, counted, dated. Pure.
//!
//! Names and errors come from directories that anybody may write to. Everything that a face shows of them goes
//! through [`escape`], so that no name moves a cursor, reorders a line or hides a word. Nothing here
//! knows what the text is about.

mod escape;
mod layout;
mod numbers;
mod skeleton;

pub use escape::{escape, is_visible, json_safe};
pub use layout::{cell, fit, padded, wrap, wrap_whole};
pub use numbers::{counted, duration, grouped};
pub use skeleton::{look_alike, looks};
