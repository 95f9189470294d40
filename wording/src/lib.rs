//! What is wrong with an input, in words for who sent it: serde speaks of structs and integer types, which are ours and
//! nobody else's, and of a field that is missing or stands there twice without saying where.
//!
//! What was wrong is found by serde; what becomes of the request, or of the row of a file, is its reader's business.

/// Where serde ends its message with the place in a text, which says less than the field.
const PLACE: &str = " at line ";

const NO_NUMBER: &str = "this is no whole number";
const NO_TIME: &str =
    "this is no day or time in the form asked for, such as 2011-03-09 or 2011-03-09T08:00:00Z";
const NO_UUID: &str = "this is no UUID";

/// How messages of parsers begin, and what to say instead: they tell what they stumbled over, not what they wanted.
const PARSERS: [(&str, &str); 14] = [
    (
        "data did not match any variant",
        "this has none of the forms that are documented",
    ),
    (
        "provided string was not `true` or `false`",
        "this is neither true nor false",
    ),
    ("number too large", "this number is too large"),
    ("number too small", "this number is too small"),
    ("invalid digit found in string", NO_NUMBER),
    ("cannot parse integer from empty string", NO_NUMBER),
    ("input ", NO_TIME),
    ("premature end of input", NO_TIME),
    ("trailing input", NO_TIME),
    ("no possible date", NO_TIME),
    ("UUID parsing failed", NO_UUID),
    ("invalid character: found", NO_UUID),
    ("invalid group", NO_UUID),
    ("invalid length: found", NO_UUID),
];

/// How serde names what it expected, and what that is called elsewhere.
const EXPECTED: [(&str, &str); 10] = [
    ("u128", "a whole number that isn't negative"),
    ("usize", "a whole number that isn't negative"),
    ("u16", "a whole number from 0 to 65535"),
    ("u32", "a whole number from 0 to 4294967295"),
    ("u64", "a whole number that isn't negative"),
    ("u8", "a whole number from 0 to 255"),
    ("i16", "a whole number from -32768 to 32767"),
    ("i32", "a whole number from -2147483648 to 2147483647"),
    ("i64", "a whole number"),
    ("i8", "a whole number from -128 to 127"),
];

/// What can be wrong with a field before anybody looks at what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Missing,
    Duplicate,
    Invalid,
}

/// A field that can't be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// A path such as `variants[0].price`; `.` for the whole input.
    pub field: String,
    pub fault: Fault,
    /// For people.
    pub message: String,
}

/// Tells which field can't be read, and why. `path` is where serde was when it noticed, `.` for the whole input, and
/// `message` what it said.
pub fn unreadable(path: &str, message: &str) -> Unreadable {
    let message = message.rsplit_once(PLACE).map_or(message, |(words, _)| words);
    let (field, fault, message) = if let Some(name) = quoted(message, "missing field `") {
        (below(path, name), Fault::Missing, "this is missing".to_owned())
    } else if let Some(name) = quoted(message, "duplicate field `") {
        (
            below(path, name),
            Fault::Duplicate,
            "this stands there twice".to_owned(),
        )
    } else {
        (path.to_owned(), Fault::Invalid, plain(message))
    };
    Unreadable {
        field,
        fault,
        message,
    }
}

/// The same message without what is ours alone.
pub fn plain(message: &str) -> String {
    if let Some((_, words)) = PARSERS.iter().find(|(start, _)| message.starts_with(start)) {
        return (*words).to_owned();
    }
    let message = message.replacen("unknown variant", "unknown value", 1);
    let Some((found, expected)) = message.split_once(", expected ") else {
        return message;
    };
    let name = |named: &str| expected == named || expected.starts_with(&format!("{named} "));
    if name("struct") || name("internally tagged enum") || name("a map") {
        return format!("{found}, expected an object");
    }
    if name("a sequence") || name("a set") {
        return format!("{found}, expected an array");
    }
    let number = EXPECTED.iter().find(|(of_ours, _)| name(of_ours));
    number.map_or_else(
        || message.clone(),
        |(_, words)| format!("{found}, expected {words}"),
    )
}

/// What stands between `start`, with which the message begins, and the next backtick.
fn quoted<'m>(message: &'m str, start: &str) -> Option<&'m str> {
    message.strip_prefix(start)?.split('`').next()
}

fn below(path: &str, name: &str) -> String {
    // The path's way of saying "the whole" and "unknown".
    if matches!(path, "." | "?") {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(path: &str, message: &str) -> (String, Fault, String) {
        let Unreadable {
            field,
            fault,
            message,
        } = unreadable(path, message);
        (field, fault, message)
    }

    #[test]
    fn a_field_that_is_missing_or_doubled_is_named() {
        let missing = told(".", "missing field `username` at line 1 column 2");
        assert_eq!((missing.0.as_str(), missing.1), ("username", Fault::Missing));
        let unknown = told("?", "missing field `price`");
        assert_eq!(unknown.0, "price");
        let inner = told("variants[0]", "missing field `price` at line 1 column 29");
        assert_eq!(inner.0, "variants[0].price");
        let twice = told(".", "duplicate field `limit`");
        assert_eq!((twice.0.as_str(), twice.1), ("limit", Fault::Duplicate));
    }

    #[test]
    fn nothing_of_the_inside_is_told() {
        for (said, words) in [
            (
                "invalid type: null, expected struct RegisterBody at line 1 column 4",
                "invalid type: null, expected an object",
            ),
            (
                "invalid value: integer `-1`, expected u32 at line 1 column 43",
                "invalid value: integer `-1`, expected a whole number from 0 to 4294967295",
            ),
            (
                "UUID parsing failed: invalid character: found `z` at 0",
                "this is no UUID",
            ),
            (
                "data did not match any variant of untagged enum PaymentBody",
                "this has none of the forms that are documented",
            ),
            (
                "unknown variant `king`, expected `a` or `b`",
                "unknown value `king`, expected `a` or `b`",
            ),
            ("invalid digit found in string", "this is no whole number"),
        ] {
            assert_eq!(
                told("x", said),
                ("x".to_owned(), Fault::Invalid, words.to_owned())
            );
        }
    }
}
