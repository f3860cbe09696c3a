r"""Relations, expressions that name their value, systems, powers too large to write down: what is equal and what is not."""

from __future__ import annotations

import pytest

import rewards

# gold, answer: right either way round
SAME = [
    (r"\frac{3^{200000}-1}{2}", r"\frac{9^{100000}-1}{2}"),
    (r"\binom{20000}{10000}", r"\frac{20000!}{10000!10000!}"),
    (r"6^{10^{10}}", r"2^{10^{10}}\cdot 3^{10^{10}}"),
    (r"\sqrt{10^{10^{10}}}", r"10^{5\cdot 10^9}"),
    (r"2^{1000}", r"4^{500}"),
    (r"10^{100000}", r"2^{100000}\cdot 5^{100000}"),
    (r"10^{10^{10}}", r"(10^{10})^{10^9}"),
    (r"5^{5^{5^{5}}}", r"25^{\frac{5^{3125}}{2}}"),
    (r"9^{9^9}", r"3^{2\cdot 9^9}"),
    (r"2^{2^{2^{2^{5}}}}", r"4^{2^{2^{32}-1}}"),
    (r"20000!", r"20000\cdot 19999!"),
    (r"10^{-10^{8}}", r"\frac{1}{10^{10^8}}"),
    (r"(2+\sqrt3)^{2023}", r"(2+\sqrt3)^{2022}(2+\sqrt3)"),
]
DIFFERENT = [
    (r"\frac{3^{200000}-1}{2}", r"\frac{9^{100000}+1}{2}"),
    (r"\sqrt3", r"\sqrt3+\frac{1}{10000!}"),
    (r"e", r"\left(1+10^{-300}\right)^{10^{300}}"),
    (r"1", r"\tanh(100)"),
    (r"6^{10^{10}}", r"2^{10^{10}}\cdot 3^{10^9}"),
    (r"10^{100000}", r"2^{100000}\cdot 5^{100001}"),
    (r"9^{9^9}", r"9^{9^9}+1"),
    (r"10^{100000}", r"10^{100000}+1"),
    (r"10^{10^{10}}", r"10^{10^{11}}"),
    (r"2^{2^{2^{2^{5}}}}", r"4^{2^{2^{32}}}"),
    (r"20000!", r"19999!"),
    (r"\sqrt2", r"\sqrt2+10^{-200}"),
    (r"\sqrt2", r"\sqrt2+10^{-1000}"),
    (r"x", r"x+10^{-200}"),
]
# gold, answer: an expression that names its value is right for a gold that is nothing but a value, not the other way round
NAMED = [
    (r"47", r"m+n = 40+7 = 47"),
    (r"31", r"a+b+c = 31"),
    (r"20", r"x_1^2+x_2^2 = 20"),
    (r"207", r"100m+n = 207"),
    (r"10", r"a^2+b^2 = (a+b)^2-2ab = 16-6 = 10"),
    (r"\frac{2}{5}", r"\tan\theta=\frac{4}{10}=\frac{2}{5}"),
    (r"\frac12", r"\sin\alpha=\frac12"),
    (r"5", r"|z_1 - z_2| = 5"),
    (r"3", r"f(2)+f(1) = 3"),
    (r"(1,2)", r"\vec a + \vec b = (1,2)"),
    (r"\begin{pmatrix}2&1\\0&3\end{pmatrix}", r"A^{-1}=\begin{pmatrix}2&1\\0&3\end{pmatrix}"),
]
# expressions that are computed or opaque: right either way round
SAME += [
    (r"12", r"xy = 12"),
    (r"14", r"\vec{a}\cdot\vec{b} = 6+8 = 14"),
    (r"\begin{pmatrix}2&1\\0&3\end{pmatrix}", r"AB=\begin{pmatrix}2&1\\0&3\end{pmatrix}"),
    (r"-5", r"\det\begin{pmatrix}1&3\\2&1\end{pmatrix}=-5"),
    (r"6", r"\operatorname{tr}\begin{pmatrix}2&2\\3&4\end{pmatrix}=6"),
    (r"6", r"\operatorname{tr}(A)=4+2=6"),
    (r"2", r"\operatorname{rank}(A) = 2"),
    (r"5", r"\det A = 5"),
    (r"27", r"\int_0^3 3x^2\,dx=27"),
    (r"\frac{\pi}{4}", r"\int_0^1 \frac{dx}{1+x^2} = \frac{\pi}{4}"),
    (r"3", r"\lim_{x\to 0}\frac{\sin 3x}{x}=3"),
    (r"1", r"\lim_{x\to 0^+} x^x = 1"),
    (r"e", r"\lim_{n\to\infty}\left(1+\frac1n\right)^n = e"),
    (r"\infty", r"\lim_{x\to\infty} x^2 = \infty"),
    (r"3", r"45\bmod 7=3"),
    (r"3", r"7^{123456789123} \bmod 10 = 3"),
    (r"10", r"\sum_{k=1}^{4} k = 10"),
    (r"1", r"\sum_{n=1}^{\infty} \frac{1}{2^n} = 1"),
    (r"\frac{\pi^2}{6}", r"\sum_{n=1}^{\infty} \frac{1}{n^2} = \frac{\pi^2}{6}"),
    (r"\frac{n(n+1)}{2}", r"\sum_{k=1}^{n} k = \frac{n(n+1)}{2}"),
    (r"24", r"\prod_{k=1}^{4} k = 24"),
    (r"6", r"\gcd(12, 18) = 6"),
    (r"\frac12", r"P(A\cap B) = \frac12"),
    (r"\frac13", r"P(A|B) = \frac13"),
    (r"3", r"f'(2) = 6-3 = 3"),
    (r"3x^2", r"\frac{dy}{dx} = 3x^2"),
    (
        r"\begin{pmatrix}7&10\\15&22\end{pmatrix}",
        r"\begin{pmatrix}1&2\\3&4\end{pmatrix}^2=\begin{pmatrix}7&10\\15&22\end{pmatrix}",
    ),
    (r"x+y=5", r"x+y=2+3=5"),
    (r"60^\circ", r"\theta = \frac{\pi}{3} = 60^\circ"),
    (r"0.333", r"x=\frac13=0.333"),
]
DIFFERENT += [
    (r"47", r"m+n=40+6=47"),
    (r"5", r"x = 3 = 5"),
    (r"3", r"x = 3 = 5"),
    (r"5", r"2+2=5=5"),
    (r"3", r"2=3"),
    (r"6", r"2x = 6"),
    (r"4", r"x^2 = 4"),
    (r"1,2", r"x+y=1, xy=2"),
    (r"1,2", r"x_1 = 1 = 3, x_2 = 2"),
    (r"8", r"AB=\sqrt{5^2+6^2}=8"),
    (r"30", r"S=\frac{1}{2}\cdot 6\cdot 8=30"),
    (r"3.8", r"x=2.5+1.2=3.8"),
    (r"-4", r"\det\begin{pmatrix}1&3\\2&1\end{pmatrix}=-4"),
    (r"7", r"\operatorname{tr}\begin{pmatrix}2&2\\3&4\end{pmatrix}=7"),
    (r"26", r"\int_0^3 3x^2\,dx=26"),
    (r"2", r"\lim_{x\to 0}\frac{\sin 3x}{x}=2"),
    (r"4", r"45\bmod 7=4"),
    (r"2", r"\sum_{n=1}^{\infty} \frac{1}{2^n} = 2"),
    (
        r"\begin{pmatrix}7&10\\15&20\end{pmatrix}",
        r"\begin{pmatrix}1&2\\3&4\end{pmatrix}^2=\begin{pmatrix}7&10\\15&20\end{pmatrix}",
    ),
    (r"\begin{pmatrix}2&1\\0&3\end{pmatrix}", r"2A=\begin{pmatrix}2&1\\0&3\end{pmatrix}"),
]
# constants that both sides declare
SAME += [(r"A\cos x+B\sin x, \text{where A and B are constants}", r"C_1\cos x + C_2\sin x")]
# systems and their solutions
SAME += [
    (r"x=4,y=7", r"(x,y)=(4,7)"),
    (r"x=4,y=7", r"(y,x)=(7,4)"),
    (r"x=4,y=7", r"\begin{cases}y=7\\x=4\end{cases}"),
    (r"x=4,y=7", r"\left\{\begin{array}{l}x=4\\y=7\end{array}\right."),
    (r"x=4,y=7", r"y=7 \text{ and } x=4"),
    (r"(4,7)", r"y=7, x=4"),
    (r"(x,y,z)=(4,7,9)", r"x=4,z=9,y=7"),
    (r"(4,7),(8,9)", r"x=8,y=9 \text{ or } x=4,y=7"),
    (r"(4,7),(8,9)", r"(x,y)=(4,7) \text{ or } (8,9)"),
    (r"(4,7),(8,9)", r"(x,y) \in \{(8,9),(4,7)\}"),
    (r"(4,7),(8,9)", r"\{x=4,y=7\};\{x=8,y=9\}"),
    (r"(4,7),(8,9)", r"x_1=4,y_1=7;x_2=8,y_2=9"),
    (r"(4,7),(8,9)", r"x_1=4,x_2=8,y_1=7,y_2=9"),
    (r"(4,7),(8,9)", r"\begin{cases}x=8\\y=9\end{cases}, \begin{cases}x=4\\y=7\end{cases}"),
    (r"(0,0),(1,1)", r"x=y=0 \text{ or } x=y=1"),
    (r"p=5,q=6\text{ or }p=6,q=5", r"(p,q)=(6,5),(5,6)"),
    (r"a=3b, c=7", r"c=7, b=\frac{a}{3}"),
]
DIFFERENT += [
    (r"x=4,y=7", r"x=7,y=4"),
    (r"x=4,y=7", r"(7,4)"),
    (r"x=4,y=7", r"x=4"),
    (r"(7,4)", r"y=7, x=4"),
    (r"(4,7),(8,9)", r"x=4,y=9 \text{ or } x=8,y=7"),
    (r"(4,7),(8,9)", r"x_1=4,y_1=9;x_2=8,y_2=7"),
    (r"(4,7),(8,9)", r"(x,y)=(4,7)"),
    (r"x=4, x=7", r"x=4, y=7"),
    (r"p=5,q=6\text{ or }p=6,q=5", r"p=5,q=5;p=6,q=6"),
    (r"a=3b, c=7", r"c=3b, a=7"),
]
# relations in several unknowns
SAME += [
    (r"x>3 \text{ and } y>5", r"5<y, 3<x"),
    (r"p>0, q<0", r"q<0 \text{ and } p>0"),
    (r"p>0, q<0", r"p>0>q"),
    (r"1<x<2, y>3", r"x>1, x<2, y>3"),
    (r"x+y<5, x>0", r"x>0, 2x+2y<10"),
    (r"x=1, y>2", r"y>2, x=1"),
]
DIFFERENT += [
    (r"x>3 \text{ and } y>5", r"y>5"),
    (r"x>3 \text{ and } y>5", r"y>3 \text{ and } x>5"),
    (r"x>3 \text{ and } y>5", r"x>3 \text{ or } y>5"),
    (r"x>3 \text{ or } y>5", r"x>3 \text{ or } x>5"),
    (r"p>0, q<0", r"p<0, q>0"),
    (r"p>0, q<0", r"p>0, q<0, r>1"),
    (r"x=1, y>2", r"x>2, y=1"),
    (r"x+y<5, x>0", r"x>0, 2x+2y>10"),
]
# names that are anybody's choice
SAME += [
    (r"x = 3k\pi, x = \pi + 3k\pi", r"x=3n\pi \text{ or } x=\pi+3m\pi"),
    (r"x=\pm\frac{\pi}{4}+2k\pi", r"x=\frac{\pi}{4}+2n\pi\text{ or }x=-\frac{\pi}{4}+2n\pi"),
    (r"7k+1, 7k+4, k\in\mathbb{Z}", r"7n+1, 7n+4, n\in\mathbb{Z}"),
    (r"y=C_1\cos x + C_2\sin x", r"y=C_2\cos x+C_1\sin x"),
]
DIFFERENT += [
    (r"x=\pm\frac{\pi}{4}+2k\pi", r"x=\frac{\pi}{4}+n\pi\text{ or }x=-\frac{\pi}{4}+2n\pi"),
    (r"7k+1, 7k+4, k\in\mathbb{Z}", r"7n+1, 7n+3, n\in\mathbb{Z}"),
    (r"a_n = 2n\pi", r"a_k = 2m\pi"),
    (r"2n+1", r"2k+1"),
    (r"y = Ce^{3x}", r"y=ke^{4x}"),
    (r"y=C_1\cos x + C_2\sin x", r"y=A\cos x+A\sin x"),
    (r"y=ax^2", r"y=bx^2"),
    (r"Q=CV", r"Q=kV"),
    (r"\frac{C}{2}", r"\frac{D}{2}"),
    (r"x^3+C", r"x^3"),
]
# gold, answer: the constants are the gold's
NAMED += [
    (r"y = Ce^{3x}", r"y = ke^{3x}"),
    (r"y=C_1\cos x + C_2\sin x", r"y=A\cos x+B\sin x"),
    (r"x^3+C", r"x^3+K"),
]
# curves and identities
SAME += [
    (r"y=\frac{8}{x}", r"xy=8"),
    (r"y=\frac{8}{x}", r"x=\frac{8}{y}"),
    (r"y=3x-5", r"y-1=3(x-2)"),
    (r"y=\frac{3}{x^2}", r"x^2y=3"),
    (r"y=\frac{x+3}{x-2}", r"y(x-2)=x+3"),
    (r"(a-b)^2=a^2+b^2-2ab", r"(a-b)^2=a\cdot a+b\cdot b-2ab"),
    (r"(a-b)^2=a^2+b^2-2ab", r"a^2-2ab+b^2=(a-b)^2"),
]
DIFFERENT += [
    (r"y=\frac{8}{x}", r"xy=9"),
    (r"y=\frac{x+3}{x-2}", r"y(x-2)=x-3"),
    (r"y=3x", r"\frac{y}{x}=3"),
    (r"\frac1x+\frac1y=1", r"x+y=xy"),
    (r"y=\sqrt{16-x^2}", r"x^2+y^2=16"),
    (r"(a-b)^2=a^2+b^2-2ab", r"(a+b)^2=a^2+b^2+2ab"),
    (r"(a-b)^2=a^2+b^2-2ab", r"(a-b)^2=(a-b)^2"),
    (r"(a-b)^2=a^2+b^2-2ab", r"(a-b)^2=(a-b)(a-b)"),
    (r"(a-b)^2=a^2+b^2-2ab", r"0=0"),
]
# a value said twice; lists, vectors and matrices
SAME += [
    (r"0.25", r"0.25 \text{ or } 1/4"),
    (r"\frac52", r"x=\frac52 \text{ or } x=2\frac12 \text{ or } x=2.5"),
    (r"4,6,9", r"\begin{pmatrix}4\\6\\9\end{pmatrix}"),
    (r"\begin{pmatrix}4\\6\end{pmatrix}", r"[4,6]"),
    (r"\begin{pmatrix}4\\6\end{pmatrix}", r"\langle 4,6\rangle"),
    (r"\begin{pmatrix}4\\6\end{pmatrix}", r"\begin{pmatrix}4&6\end{pmatrix}^T"),
    (r"\begin{bmatrix}4&6\\8&9\end{bmatrix}", r"((4,6),(8,9))"),
]
DIFFERENT += [
    (r"4", r"4 \text{ or } 6"),
    (r"4,6", r"4 \text{ or } 4"),
    (r"1", r"1, 1"),
    (r"\begin{pmatrix}4\\6\end{pmatrix}", r"6,4"),
    (r"\begin{pmatrix}4\\6\end{pmatrix}", r"\{4,6\}"),
    (r"\begin{pmatrix}4\\6\end{pmatrix}", r"(4,6]"),
    (r"\begin{bmatrix}4&6\\8&9\end{bmatrix}", r"[[4,8],[6,9]]"),
    (r"[4,6]", r"(4,6)"),
]
# several unknowns are told apart by their names
SAME += [
    (r"(4,7),(8,9)", r"(x_1=4,y_1=7),(x_2=8,y_2=9)"),
    (r"x=3 \text{ or } x=3", r"3"),
]
DIFFERENT += [
    (r"1", r"\tanh(700)"),
    (r"e", r"e+\frac{1}{900!}"),
    (r"(4,7),(8,9)", r"x_1=4,y_2=7;x_2=8,y_1=9"),
    (r"x=4,y=7", r"x=4 \text{ or } y=7"),
    (r"x=4 \text{ or } y=7", r"(x,y)=(4,7)"),
    (r"x=4 \text{ or } y=4", r"x=4"),
    (r"4", r"p=4 \text{ or } q=4"),
    (r"x=4,y=7", r"x=4,z=7"),
    (r"x=3k\pi, y=6k\pi", r"x=3n\pi, y=6m\pi"),
    (r"x=3k\pi, y=6k\pi", r"x=6n\pi, y=3n\pi"),
    (r"C_1x^3+C_2t", r"C_2x^3+C_1t"),
    (r"\frac{C_1x}{C_1+3C_2}", r"\frac{C_2x}{C_2+3C_1}"),
]
# a domain that both sides state
SAME += [
    (r"x=3k\pi, k\in\mathbb{N}", r"x=3n\pi, n\in\mathbb{Z}^+"),
    (r"x=3k\pi, k\in\mathbb{N}", r"x=3n\pi"),
]
DIFFERENT += [
    (r"x=3k\pi, k\in\mathbb{N}", r"x=3n\pi, n\in\mathbb{Z}"),
    (r"5k+2, k\in\mathbb{Z}", r"5k+2, k\in\mathbb{N}"),
    (r"5k+2, k\in\mathbb{Z}", r"5x+2"),
    (r"x=4,y=7", r"\{4,7\}"),
    (r"x=4,y=7", r"4 \text{ or } 7"),
    (r"x=4,y=7 \text{ or } x=7,y=4", r"x=4,y=4 \text{ or } x=7,y=7"),
    (r"x=4,y=7 \text{ or } x=7,y=4", r"4,7,7,4"),
    (r"x=y=4", r"x=4"),
]
# other spellings
SAME += [
    (r"\{5k\pi \mid k\in\mathbb{Z}\}", r"x=5n\pi, n\in\mathbb{Z}"),
    (r"\frac52", r"5/2 (2.5)"),
    (r"\frac52", r"2\frac12 \left(\frac52\right)"),
    (r"\frac54", r"\frac52 (0.5)"),
    (r"4,7,9", r"(4,7,9)^\top"),
    (r"(4,-7)", r"4\hat{i}-7\hat{j}"),
    (r"4\mathbf{i}-7\mathbf{k}", r"\langle 4,0,-7\rangle"),
    (r"y=\frac{3}{x^2+1}", r"y(x^2+1)=3"),
]
DIFFERENT += [
    (r"5", r"\begin{cases}5} & x>1\end{cases}"),
    (r"\{5k\pi \mid k\in\mathbb{Z}\}", r"x=5n\pi, n\in\mathbb{N}"),
    (r"\frac52", r"5/2 (2.4)"),
    (r"5", r"5(5)"),
    (r"5", r"5(5.0)"),
    (r"(4,-7)", r"-7\hat{i}+4\hat{j}"),
    (r"(4,-7)", r"4+7i"),
    (r"(4,-7)", r"4\hat{i}-7\hat{k}"),
    (r"(4,-7)", r"4\hat{i}-7\hat{j}+1"),
    (r"(4,-7)", r"4\hat{i}\hat{j}-7"),
    (r"y=\frac{x}{x^2+x}", r"y(x^2+x)=x"),
]
NAMED += [
    (r"y=C_1e^x+C_2e^{2x}", r"y=Ae^x+Be^{2x}"),
    (r"C_1e^x+C_2e^{2x}", r"Be^{2x}+Ae^x"),
]
UNDECIDED = [
    (r"1", r"\tanh(10^6)"),
    (r"\sqrt2", r"\sqrt2+(\frac{\pi}{4})^{1000000}"),
    (r"1", r"\tanh(100000)"),
    (r"\sqrt2", r"\sqrt2+10^{-100000}"),
    (r"\sqrt2", r"\sqrt2+e^{-10^6}"),
    (r"\sqrt2", r"\sqrt2+e^{-e^{20}}"),
    (r"\sqrt2", r"\sqrt2+(\sqrt2)^{-100000}"),
    (r"x", r"x+10^{-20000}"),
    (r"5", r"5+e^{-10^6}"),
    (r"1,\sqrt3", r"1,\sqrt3+10^{-100000}"),
]


def _outcome(gold: str, answer: str) -> str:
    return rewards.make_verifier(gold).judge_answer(answer).outcome


@pytest.mark.parametrize(("gold", "answer"), SAME)
def test_same(gold: str, answer: str) -> None:
    assert (_outcome(gold, answer), _outcome(answer, gold)) == ("correct", "correct")


@pytest.mark.parametrize(("gold", "answer"), DIFFERENT)
def test_different(gold: str, answer: str) -> None:
    assert (_outcome(gold, answer), _outcome(answer, gold)) == ("wrong", "wrong")


@pytest.mark.parametrize(("gold", "answer"), UNDECIDED)
def test_values_too_close_to_tell_are_neither_right_nor_wrong(gold: str, answer: str) -> None:
    for verdict in (rewards.make_verifier(gold).judge_answer(answer), rewards.make_verifier(answer).judge_answer(gold)):
        assert (verdict.outcome, verdict.reward) == ("undecided", None)


@pytest.mark.parametrize(("gold", "answer"), NAMED)
def test_right_for_the_gold_and_not_the_other_way_round(gold: str, answer: str) -> None:
    assert (_outcome(gold, answer), _outcome(answer, gold)) == ("correct", "wrong")
