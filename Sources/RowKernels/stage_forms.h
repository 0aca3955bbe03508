// The forms of a stage, each of which calls `run` with its own constants. Included by the file of each vector unit behind its
// own `run`; UNIT is its target.
UNIT INLINE void products(rk_stage *s, operands o, const int T) {
    switch (s->product.kind) {
    case 1: run(s, o, T, 4, 4, 4, 1); break;
    case 2: run(s, o, T, 4, 4, 4, 2); break;
    case 3: run(s, o, T, 4, 4, 4, 3); break;
    default: run(s, o, T, 4, 4, 4, 4);
    }
}

UNIT INLINE void sums(rk_stage *s, operands o) {
    int a = s->terms[0].element, b = s->terms[1].element;
    if (s->term_count == 1) {
        if (s->element == 4) run(s, o, 1, 4, 4, 4, 0);
        else if (a == 4) run(s, o, 1, 4, 4, 8, 0);
        else run(s, o, 1, 8, 8, 8, 0);
    } else if (s->element == 4) {
        run(s, o, 2, 4, 4, 4, 0);
    } else if (a == 8 && b == 8) {
        run(s, o, 2, 8, 8, 8, 0);
    } else if (a == 8) {
        run(s, o, 2, 8, 4, 8, 0);
    } else if (b == 8) {
        run(s, o, 2, 4, 8, 8, 0);
    } else {
        run(s, o, 2, 4, 4, 8, 0);
    }
}

UNIT INLINE void change(rk_stage *s, operands o) {
    if (!s->product.kind) sums(s, o);
    else if (s->term_count) products(s, o, 1);
    else products(s, o, 0);
}
