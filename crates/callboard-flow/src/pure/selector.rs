//! What a view takes from a state, computed only when the state is another one (S1.21).

use std::{
    fmt,
    sync::{Arc, Weak},
};

type IsEqual<R> = Box<dyn Fn(&R, &R) -> bool + Send>;

/// A memoised function of a shared state.
///
/// It computes when the state is another `Arc`, not when it is the same one. With [`Selector::with_eq`] a result that
/// equals the last one is the last one, so that whoever compares references sees no change. The state is not kept
/// alive by it.
///
/// ```
/// use callboard_flow::Selector;
/// use std::sync::Arc;
///
/// let mut longest = Selector::new(|words: &Vec<&str>| words.iter().map(|word| word.len()).max()).with_eq(PartialEq::eq);
/// let first = longest.select(&Arc::new(vec!["a", "abc"]));
/// let second = longest.select(&Arc::new(vec!["abc", "b"]));
/// assert!(Arc::ptr_eq(&first, &second));
/// ```
pub struct Selector<S, R, F> {
    compute: F,
    is_equal: Option<IsEqual<R>>,
    last: Option<(Weak<S>, Arc<R>)>,
}

impl<S, R: fmt::Debug, F> fmt::Debug for Selector<S, R, F> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.last.as_ref().map(|(_, result)| result);
        out.debug_struct("Selector").field("last", &last).finish_non_exhaustive()
    }
}

impl<S, R, F: FnMut(&S) -> R> Selector<S, R, F> {
    /// A selector that has computed nothing yet.
    ///
    /// ```
    /// # use callboard_flow::Selector;
    /// # use std::sync::Arc;
    /// let mut len = Selector::new(|text: &String| text.len());
    /// assert_eq!(*len.select(&Arc::new("abc".to_owned())), 3);
    /// ```
    pub fn new(compute: F) -> Self {
        Selector { compute, is_equal: None, last: None }
    }

    /// The same, keeping the last result while the new one is equal to it.
    ///
    /// ```
    /// # use callboard_flow::Selector;
    /// # use std::sync::Arc;
    /// let mut parity = Selector::new(|number: &u32| number % 2).with_eq(|a, b| a == b);
    /// assert!(Arc::ptr_eq(&parity.select(&Arc::new(1)), &parity.select(&Arc::new(3))));
    /// ```
    #[must_use]
    pub fn with_eq(self, is_equal: impl Fn(&R, &R) -> bool + Send + 'static) -> Self {
        Selector { is_equal: Some(Box::new(is_equal)), ..self }
    }

    /// The result for `state`.
    ///
    /// ```
    /// # use callboard_flow::Selector;
    /// # use std::sync::Arc;
    /// let mut computed = 0;
    /// let mut len = Selector::new(|text: &String| { computed += 1; text.len() });
    /// let text = Arc::new("abc".to_owned());
    /// len.select(&text);
    /// len.select(&text);
    /// assert_eq!(computed, 1);
    /// ```
    pub fn select(&mut self, state: &Arc<S>) -> Arc<R> {
        // The weak reference keeps the address taken, so another state cannot be mistaken for this one.
        if let Some((of, result)) = &self.last
            && std::ptr::eq(of.as_ptr(), Arc::as_ptr(state))
        {
            return Arc::clone(result);
        }
        let fresh = (self.compute)(state);
        let result = match (&self.last, &self.is_equal) {
            (Some((_, last)), Some(is_equal)) if is_equal(last, &fresh) => Arc::clone(last),
            _ => Arc::new(fresh),
        };
        self.last = Some((Arc::downgrade(state), Arc::clone(&result)));
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// S1.21.
    #[test]
    fn it_computes_once_per_state_and_keeps_what_is_equal() {
        let mut computed = 0;
        let mut selector = Selector::new(|state: &(u8, u8)| {
            computed += 1;
            state.0
        })
        .with_eq(|a, b| a == b);
        let states = [Arc::new((1, 1)), Arc::new((1, 2)), Arc::new((2, 2))];
        let results: Vec<_> =
            states.iter().flat_map(|state| [selector.select(state), selector.select(state)]).collect();
        assert!(Arc::ptr_eq(&results[0], &results[3]) && !Arc::ptr_eq(&results[3], &results[4]));
        assert_eq!(*results[5], 2);
        assert_eq!(computed, 3);
    }

    #[test]
    fn a_state_at_an_old_address_is_not_mistaken() {
        let mut selector = Selector::new(|state: &u32| *state);
        for number in 0..100 {
            assert_eq!(*selector.select(&Arc::new(number)), number);
        }
    }
}
