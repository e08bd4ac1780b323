//! Small values as words, so that a slot can be read while it is written, without `unsafe`: the words
//! are atomics, and whether they belong together is checked afterwards.

/// A value that can be told as `N` words, and told from them.
///
/// What `to_words` made, `from_words` must accept, and nothing else reaches it.
pub trait Words<const N: usize>: Copy + Send + 'static {
    /// The value as words.
    fn to_words(self) -> [u64; N];
    /// The value that these words are.
    fn from_words(words: [u64; N]) -> Self;
}

impl<const N: usize> Words<N> for [u64; N] {
    #[inline]
    fn to_words(self) -> [u64; N] {
        self
    }

    #[inline]
    fn from_words(words: [u64; N]) -> Self {
        words
    }
}

/// Numbers that fit one word.
macro_rules! one_word {
    ($($number:ty: $to:expr, $from:expr;)*) => {$(
        impl Words<1> for $number {
            #[inline]
            fn to_words(self) -> [u64; 1] {
                let to: fn($number) -> u64 = $to;
                [to(self)]
            }

            #[inline]
            fn from_words([word]: [u64; 1]) -> Self {
                let from: fn(u64) -> $number = $from;
                from(word)
            }
        }
    )*};
}

one_word! {
    u64: |number| number, |word| word;
    u32: u64::from, |word| word as u32;
    usize: |number| number as u64, |word| word as usize;
    i64: i64::cast_unsigned, u64::cast_signed;
    i32: |number| u64::from(number.cast_unsigned()), |word| (word as u32).cast_signed();
    f64: f64::to_bits, f64::from_bits;
    f32: |number| u64::from(number.to_bits()), |word| f32::from_bits(word as u32);
}
