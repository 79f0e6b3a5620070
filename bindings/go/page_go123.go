//go:build go1.23

package claude

import (
	"context"
	"iter"
)

// All are the items of the list, and the error that ends it, if one does.
func (a *AutoPager[T]) All() iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for a.Next() {
			if !yield(a.current, nil) {
				return
			}
		}
		if a.err != nil {
			yield(a.current, a.err)
		}
	}
}

// Pages are this page and those after it, and the error that ends them, if one does.
func (p *Page[T]) Pages(ctx context.Context) iter.Seq2[*Page[T], error] {
	return func(yield func(*Page[T], error) bool) {
		page, err := p, error(nil)
		for page != nil && yield(page, nil) {
			if page, err = page.Next(ctx); err != nil {
				yield(nil, err)
				return
			}
		}
	}
}
