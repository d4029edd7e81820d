//! Answers in which something is what nobody expects: one value, one header, or the status.

use super::wire::Reply;
use fastrand::Rng;
use serde_json::Value;
use std::fmt::Write as _;

/// Texts that stand for a value, as they are written.
const ODD: [&str; 24] = [
    "null",
    "true",
    "0",
    "-1",
    "4294967296",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775809",
    "1e308",
    "1e999",
    "0.1",
    r#""""#,
    r#"" ""#,
    r#""\u0000\u0007\u001b[2J""#,
    r#""\u202e\u2066\u200b\ufeff\u00ad""#,
    r#""\ud800""#,
    r#""../../../etc/passwd""#,
    r#""a/b?c=d#e%00\\""#,
    r#""https://evil.example/v1.0/users?$skiptoken=1""#,
    r#""18446744073709551616""#,
    "[]",
    "{}",
    "[null,[],{},\"\",0]",
    "{\"@removed\":null,\"id\":{},\"value\":[]}",
];
/// Values of a header that promises a number.
const NUMBERS: [&str; 9] = [
    "-1",
    "0",
    "1e308",
    "NaN",
    "inf",
    "18446744073709551616",
    "soon",
    "",
    "Wed, 21 Oct 2037 07:28:00 GMT",
];
/// Headers whose values are numbers.
const HEADERS: [&str; 4] = [
    "retry-after",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ms-throttle-limit-percentage",
];

/// Spoils one thing in an answer.
pub(super) fn spoil(random: &mut Rng, mut reply: Reply) -> Reply {
    match random.u8(..12) {
        0 => {
            let status = [201, 204, 206, 299, 304, 404, 409, 410, 418, 451, 507, 599];
            reply.status = status[random.usize(..status.len())];
        }
        1 => {
            let name = HEADERS[random.usize(..HEADERS.len())];
            reply = reply.header(name, NUMBERS[random.usize(..NUMBERS.len())]);
        }
        _ => {
            if let Ok(value) = serde_json::from_str::<Value>(&reply.body) {
                let mut places = 0;
                count(&value, &mut places);
                let odd = odd(random);
                let mut spoiler = Spoiler {
                    at: random.usize(..places.max(1)),
                    twice: random.u8(..8) == 0,
                    odd: &odd,
                    text: String::new(),
                };
                spoiler.write(&value);
                reply.body = spoiler.text;
            }
        }
    }
    reply
}

/// Something that nobody expects, as JSON writes it. Some of it is large, or deep.
fn odd(random: &mut Rng) -> String {
    match random.u8(..32) {
        0 => format!("\"{}\"", "a".repeat(100_000)),
        1 => format!("{}{}", "[".repeat(200), "]".repeat(200)),
        2 => format!("{}0{}", "{\"a\":".repeat(120), "}".repeat(120)),
        3 => format!("[{}]", vec!["{}"; 300_000].join(",")),
        4 => format!(
            "[{}]",
            vec!["{\"id\":\"a\",\"accountId\":\"a\"}"; 100_000].join(",")
        ),
        5 => format!("[{}]", vec!["0"; 1_000_000].join(",")),
        6 => format!("[{}]", vec!["\"\""; 500_000].join(",")),
        _ => ODD[random.usize(..ODD.len())].to_owned(),
    }
}

fn count(value: &Value, places: &mut usize) {
    *places += 1;
    match value {
        Value::Array(values) => values.iter().for_each(|value| count(value, places)),
        Value::Object(fields) => fields.values().for_each(|value| count(value, places)),
        _ => {}
    }
}

/// Writes a value, and something else at one of its places.
struct Spoiler<'a> {
    /// How many places come before it.
    at: usize,
    /// Whether a field is written twice, with its own value first.
    twice: bool,
    odd: &'a str,
    text: String,
}

impl Spoiler<'_> {
    fn write(&mut self, value: &Value) {
        let here = self.at == 0;
        self.at = self.at.wrapping_sub(1);
        if here {
            self.text.push_str(self.odd);
            // What would have stood below it is not written.
            return;
        }
        match value {
            Value::Array(values) => {
                self.text.push('[');
                for (at, value) in values.iter().enumerate() {
                    if at > 0 {
                        self.text.push(',');
                    }
                    self.write(value);
                }
                self.text.push(']');
            }
            Value::Object(fields) => {
                self.text.push('{');
                for (at, (name, value)) in fields.iter().enumerate() {
                    if at > 0 {
                        self.text.push(',');
                    }
                    let name = Value::from(name.as_str());
                    // Writing to a string can't fail.
                    if self.twice && self.at == 0 {
                        let _ = write!(self.text, "{name}:{value},");
                    }
                    let _ = write!(self.text, "{name}:");
                    self.write(value);
                }
                self.text.push('}');
            }
            other => self.text.push_str(&other.to_string()),
        }
    }
}
