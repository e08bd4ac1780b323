//! Text that fits a terminal.

/// What every terminal shows.
const COLUMNS: usize = 80;

/// `lead` and then `sentence`, broken between words and hanging below its own beginning.
pub(crate) fn hang(lead: &str, sentence: &str) -> String {
    let indent = lead.chars().count();
    let mut text = lead.to_owned();
    let mut column = indent;
    for word in sentence.split_whitespace() {
        let width = word.chars().count();
        let begins = column == indent;
        if !begins && column + 1 + width > COLUMNS {
            text.push('\n');
            text.extend(std::iter::repeat_n(' ', indent));
            column = indent;
        } else if !begins {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += width;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_broken_between_words_below_its_beginning() {
        let word = "x".repeat(40);
        assert_eq!(hang("- ", &format!("a {word} {word} b")), format!("- a {word}\n  {word} b"));
    }

    #[test]
    fn a_word_is_never_broken() {
        let word = "x".repeat(100);
        assert_eq!(hang("- ", &word), format!("- {word}"));
    }
}
