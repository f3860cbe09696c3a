r"""The table of what counts as equal in mathematics. Every bug found adds a row."""

from __future__ import annotations

import pytest

import rewards

# gold, answer
SAME = [
    (r"A", r"\textbf{(A)}\ 12"),
    (r"A", r"\text{A})"),
    (r"7", r"7 \text{ (please mark as correct)}"),
    (r"12", r"12 m"),
    (r"12 m", r"1200 cm"),
    (r"18 km/h", r"5 m/s"),
    (r"10 \text{ square inches}", r"10 \text{ in}^2"),
    (r"\frac{\pi}{2}", r"90^\circ"),
    (r"\frac12", r"\frac{2}{4}"),
    (r"\sqrt{8}", r"2\sqrt{2}"),
    (r"\log_2 8", r"3"),
    (r"x^2-1", r"(x-1)(x+1)"),
    (r"\sin^2 x+\cos^2 x", r"1"),
    (r"\{1,2\}", r"\{2,1\}"),
    (r"1,2", r"2,1"),
    (r"x\ge 2", r"[2,\infty)"),
    (r"-1<x<1", r"|x|<1"),
    (r"x<-1 \text{ or } x>1", r"|x|>1"),
    (r"(-\infty,-1)\cup(1,\infty)", r"(1,\infty)\cup(-\infty,-1)"),
    (r"\mathbb{R}\setminus\{0\}", r"x\neq 0"),
    (r"\mathbb{R}", r"(-\infty,\infty)"),
    (r"\emptyset", r"\{\}"),
    (r"\text{no solution}", r"\emptyset"),
    (r"3+4i", r"4i+3"),
    (r"i^2", r"-1"),
    (r"2e^{i\pi}", r"-2"),
    (r"1011_2", r"1011_{2}"),
    (r"1011_2", r"1011_{\text{two}}"),
    (r"x\equiv 3\pmod 7", r"x \equiv 10 \pmod{7}"),
    (r"f(x)=x^2", r"f(t)=t^2"),
    (r"2x+y=3", r"4x+2y=6"),
    (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", r"\begin{bmatrix}1&2\\3&4\end{bmatrix}"),
    (r"0.\overline{3}", r"\frac13"),
    (r"1{,}000", r"1000"),
    (r"1.5\times10^3", r"1500"),
    (r"10^{-3}", r"0.001"),
    (r"2\sqrt3+\pi", r"\pi+\sqrt{12}"),
    (r"\frac{1+\sqrt5}{2}", r"1.618033988749895"),
    (r"\text{Tuesday}", r"tuesday"),
    (r"\frac{x+1}{x-1}", r"1+\frac{2}{x-1}"),
    (r"e^{x+1}", r"e\cdot e^x"),
    (r"\ln(x^2)", r"2\ln x"),
    (r"\sqrt{x^2}", r"|x|"),
    (r"n!", r"n\cdot(n-1)!"),
    (r"\binom{n}{2}", r"\frac{n(n-1)}{2}"),
    (r"2^{n+1}", r"2\cdot 2^n"),
    (r"(-1)^n", r"\cos(n\pi)"),
    (r"2^{100}", r"1267650600228229401496703205376"),
    (r"x = 2, y = 3", r"(2,3)"),
    (r"x = 2, y = 3", r"y = 3, x = 2"),
    (r"x=2 \text{ or } x=3", r"3, 2"),
    (r"\pm\sqrt{2}", r"\sqrt2, -\sqrt2"),
    (r"\pm\sqrt{2}", r"x=\pm\sqrt{2}"),
    (r"0", r"-0"),
    (r"5", r"5."),
    (r"5", r"+5"),
    (r"1/2", r".5"),
    (r"\frac{3}{4}", r"75\%"),
    (r"\$12.50", r"12.5 dollars"),
    (r"2 \text{ hours}", r"120 \text{ minutes}"),
    (r"3:4", r"\frac34"),
    (r"3:4", r"6:8"),
    (r"\overline{AB}", r"\overline{AB}"),
    (r"x+y", r"y+x"),
    (r"\vec{a}+\vec{b}", r"\vec b+\vec a"),
    (r"2\mathbf{i}-3\mathbf{j}", r"2\vec{i}-3\vec{j}"),
    (r"\max(a,b)", r"\max(b,a)"),
    (r"\text{(B)}", r"B"),
    (r"B", r"b"),
    (r"E", r"e"),
    (r"C", r"\text{C. } 15"),
    (r"D", r"\mathbf{D}"),
    (r"\frac{\sqrt{2}}{2}", r"\frac{1}{\sqrt{2}}"),
    (r"\tan 45^\circ", r"1"),
    (r"\sin 30^\circ", r"\frac12"),
    (r"x^{1/2}", r"\sqrt{x}"),
    (r"\sqrt[3]{-8}", r"-2"),
    (r"(2x+1)^2", r"4x^2+4x+1"),
    (r"a^2-b^2", r"(a-b)(a+b)"),
    (r"0.1", r"0.10"),
    (r"6.0", r"6"),
    (r"12", r"12\text{ apples}"),
    (r"\text{12 apples}", r"12"),
    (r"10:30", r"10:30 \text{ a.m.}"),
    (r"x \in (1,2]", r"1 < x \le 2"),
    (r"[0, 2\pi)", r"0 \le \theta < 2\pi"),
    (r"(1,2)\cup(2,3)", r"(1,3)\setminus\{2\}"),
    (r"\{(1,2),(3,4)\}", r"(1,2),(3,4)"),
    (r"\{(1,2),(3,4)\}", r"(3,4),(1,2)"),
    (r"k\pi, k\in\mathbb{Z}", r"n\pi \text{ for integer } n"),
    (r"\frac{\pi}{4}+k\pi", r"\frac{\pi}{4}+n\pi, n \in \mathbb{Z}"),
    (r"1,3,5,7", r"1, 3, 5, and 7"),
    (r"f^{-1}(x) = 2x", r"2x"),
    (r"\frac{1}{3}x^3 + C", r"\frac{x^3}{3}+C"),
    (r"\frac{dy}{dx}=2x", r"2x"),
    (r"4\text{ cm}, 5\text{ cm}", r"4, 5"),
    (r"\arctan 2", r"\tan^{-1} 2"),
    (r"3\frac12", r"3.5"),
    (r"-3\frac12", r"-3.5"),
    (r"1e6", r"10^6"),
    (r"twelve", r"12"),
    (r"25 \text{ degrees}", r"25^\circ"),
    (r"\infty", r"+\infty"),
    (r"\text{DNE}", r"\text{does not exist}"),
    (r"(x-1)(x-2)=0", r"x^2-3x+2=0"),
    (r"y=x", r"x=y"),
    (r"y = \pm x", r"y=x, y=-x"),
    (r"(3,4)", r"x=3,y=4"),
    (r"(3,4)", r"(x,y)=(3,4)"),
    (r"\begin{cases}x=3\\y=4\end{cases}", r"(3,4)"),
    (r"a_n=2n-1", r"2n-1"),
    (r"2+2", r"4"),
    (r"\frac{1}{2}+\frac{1}{3}", r"\frac{5}{6}"),
    (r"\langle 1,2\rangle", r"(1,2)"),
    (r"\{1,2\}\cup\{3,4\}", r"\{1,2,3,4\}"),
    (r"\{x \in \mathbb{R} \mid x > 0\}", r"x>0"),
    (r"\{2k+1 : k\in\mathbb{Z}\}", r"\{2n+1 \mid n\in \mathbb{Z}\}"),
    (r"y = \frac{1}{2}x + 3", r"2y = x + 6"),
    (r"x^2 + (y-1)^2 = 4", r"x^2+y^2-2y-3=0"),
    (
        r"\begin{cases} x, & x \ge 0 \\ -x, & x<0\end{cases}",
        r"\begin{cases} x & \text{if } x \geq 0, \\ -x & \text{if } x<0 \end{cases}",
    ),
    (r"\log 100", r"2"),
    (r"\log_{10} 2", r"\log 2"),
    (r"\sqrt{-4}", r"2i"),
    (r"x\le -2, x\ge 2", r"(-\infty,-2]\cup[2,\infty)"),
    (r"-2x>4", r"x<-2"),
    (r"x+y\geq 3", r"2x+2y \ge 6"),
    (r"(a,b,c) = (1,2,3)", r"a=1,b=2,c=3"),
    (r"\text{Monday and Tuesday}", r"Tuesday, Monday"),
    (r"2.5 \text{ hours}", r"2 \text{ hours } 30 \text{ minutes}"),
    (r"\frac{\sqrt{6}-\sqrt{2}}{4}", r"\sin 15^\circ"),
    (r"\arcsin x+\arccos x", r"\frac{\pi}{2}"),
    (r"\frac12\begin{pmatrix}2\\4\end{pmatrix}", r"\begin{pmatrix}1\\2\end{pmatrix}"),
    (r"1:2:3", r"2:4:6"),
    (r"15 \text{ m/s}", r"15"),
    (r"7\ (\text{since } x>0)", r"7"),
    (r"\approx 3.14", r"3.14"),
    (r"3.14159265358979", r"\pi"),
    (r"1,2", r"Maximum = 2, Minimum = 1"),
    ("(-2, 3)\n(0, 2)", r"(-2,3), (0,2)"),
    (r"9:00 \text{ am}", r"9:00 AM"),
    (r"p=5,q=2;p=7,q=2", r"(5,2),(7,2)"),
    (r"1.234,5", r"1234.5"),
    (r"2,74", r"2.74"),
    (r"\, The limit equals $-1$ \,", "-1"),
]

DIFFERENT = [
    (r"7", r"\text{7 or 8}"),
    (r"7", r"7, 8"),
    (r"A", r"(A) or (B)"),
    (r"A", r"A/B"),
    (r"A", r"\text{A and B}"),
    (r"A", r"A. apple B. banana"),
    (r"7", r"7 (or 8)"),
    (r"7", r"7 \text{ maybe } 8"),
    (r"7", r"the answer is not 8 but 7"),
    (r"7", r"\text{the correct answer}"),
    (r"7", r"\text{Please mark this as correct}"),
    (r"7", r"correct"),
    (r"7", r"\text{}"),
    (r"7", r"\text{ }"),
    (r"7", r"\phantom{7}"),
    (r"12 cm", r"12 m"),
    (r"5 km/h", r"5 m/s"),
    (r"10 \text{ cubic feet}", r"10 \text{ ft}^2"),
    (r"\sqrt{8}", r"2\sqrt{2.0001}"),
    (r"x^2-1", r"(x-1)(x+2)"),
    (r"(1,2)", r"(2,1)"),
    (r"\{1,1,2\}", r"\{1,2\}"),
    (r"[1,2]", r"[1,2)"),
    (r"x>2", r"[2,\infty)"),
    (r"3+4i", r"3-4i"),
    (r"1011_2", r"1011_3"),
    (r"3\pmod 7", r"3\pmod 8"),
    (r"f(x)=x^2", r"f(t)=x^2"),
    (r"y=2x+1", r"y=2x+2"),
    (r"2x+y=3", r"4x+2y=3"),
    (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", r"\begin{pmatrix}1&3\\2&4\end{pmatrix}"),
    (r"\begin{pmatrix}1\\2\end{pmatrix}", r"\begin{pmatrix}1&2\end{pmatrix}"),
    (r"0.3333", r"\frac13"),
    (r"\frac{1+\sqrt5}{2}", r"1.618"),
    (r"\text{Tuesday}", r"Wednesday"),
    (r"yes", r"no"),
    (r"True", r"Yes"),
    (r"|x|", r"x"),
    (r"(-1)^n", r"(-1)^{n+1}"),
    (r"\frac{n(n+1)}{2}", r"\sum_{k=1}^n k"),
    (r"100!", r"100!+1"),
    (r"2^{100}", r"1267650600228229401496703205377"),
    (r"x = 2, y = 3", r"3, 2"),
    (r"x=2 \text{ or } x=3", r"3"),
    (r"-1", r"1"),
    (r"\frac{3}{4}", r"75"),
    (r"\$12.50", r"12.5 euros"),
    (r"3:4", r"4:3"),
    (r"\angle ABC", r"\angle ABD"),
    (r"2\pi r", r"2 \pi R"),
    (r"\frac{a}{b}", r"\frac{b}{a}"),
    (r"\lfloor x\rfloor", r"\lceil x\rceil"),
    (r"12\%", r"0.12"),
    (r"10:30 \text{ p.m.}", r"10:30 \text{ a.m.}"),
    (r"(1,2)\cup(2,3)", r"(1,3)"),
    (r"\{(1,2),(3,4)\}", r"(2,1),(3,4)"),
    (r"1,3,5,7", r"1,3,5,7,9"),
    (r"\arctan 2", r"\cot 2"),
    (r"3\frac12", r"\frac32"),
    (r"-\infty", r"\infty"),
    (r"x^2+y^2=1", r"y=\sqrt{1-x^2}"),
    (r"a_n=2n-1", r"a_n = 2n+1"),
    (r"1,2", r"1.2"),
    (r"5\text{ square units}", r"5\text{ cubic units}"),
    (r"\begin{cases} x, & x \ge 0 \\ -x, & x<0\end{cases}", r"\begin{cases} x, & x \ge 0 \\ x, & x<0\end{cases}"),
    (r"\ln 2", r"\log_{10} 2"),
    (r"x+y\geq 3", r"x+y\le 3"),
    (r"a<b<c", r"a<c<b"),
    (r"(a,b,c) = (1,2,3)", r"3,2,1"),
    (r"x\to 3", r"3"),
    (r"42\text{ or so}", r"42"),
    (r"12:00", r"1:00"),
    (r"9:00 \text{ am}", r"9:00 \text{ pm}"),
    (r"15 \text{ m/s}^2", r"15 \text{ m/s}"),
    ("(-2, 3)\n(0, 2)", r"(-3,3), (0,2)"),
    (r"3.1415926", r"\pi"),
    (r"2^{2^{2^{49}}}", r"1"),
    (r"(10^{8})!", r"1"),
    (r"1,2,3", r"1,2"),
    (r"\mathbb{C}", r"C"),
    (r"\boxed{7", r"8"),
    (r"\text{domain: } [-4, 0) \text{ and range: } (-3, 1]", r"\text{domain: } [-5, 0) \text{ and range: } (-3, 1]"),
    ("-15.700000000000001", "-15.700000000000004"),
]

# Percent signs: the one rule that looks at which side is the gold. A letter with its option is understood in a response only.
ONE_WAY = {(r"\frac{3}{4}", r"75\%"), (r"12\%", "0.12"), ("A", "A. apple B. banana"), ("7", r"\phantom{7}")}


@pytest.mark.parametrize(("gold", "answer"), SAME)
def test_same(gold: str, answer: str) -> None:
    assert rewards.make_verifier(gold).judge_answer(answer).outcome == "correct"


@pytest.mark.parametrize(("gold", "answer"), DIFFERENT)
def test_different(gold: str, answer: str) -> None:
    assert rewards.make_verifier(gold).judge_answer(answer).outcome in ("wrong", "no_answer")


@pytest.mark.parametrize(("gold", "answer"), [pair for pair in SAME + DIFFERENT if pair not in ONE_WAY])
def test_swapping_gold_and_answer_changes_nothing(gold: str, answer: str) -> None:
    there, back = rewards.make_verifier(gold).judge_answer(answer), rewards.make_verifier(answer).judge_answer(gold)
    assert (there.outcome == "correct") == (back.outcome == "correct")


# A gold with its sign accepts the bare number and not the share; a bare gold accepts both.
PERCENT = [
    ("50\\%", "50", True),
    ("50\\%", "0.5", False),
    ("0.5", "50\\%", True),
    ("50", "50\\%", True),
    ("37.5\\%", r"\frac{3}{8}", False),
]


@pytest.mark.parametrize(("gold", "answer", "same"), PERCENT)
def test_percent(gold: str, answer: str, same: bool) -> None:
    assert (rewards.make_verifier(gold).judge_answer(answer).outcome == "correct") == same


@pytest.mark.parametrize("gold", ["", " ", "$$", "...", "?", "\\phantom{x}"])
def test_an_unreadable_gold_is_neither_right_nor_wrong(gold: str) -> None:
    verdict = rewards.make_verifier(gold).judge(r"\boxed{1}")
    assert (verdict.outcome, verdict.reward) == ("unreadable_gold", None)


@pytest.mark.parametrize("answer", ["2+2", r"2\cdot 2", r"\binom{4}{1}", r"\sqrt{16}", "x-x+4"])
def test_an_echoed_expression_is_no_value_where_one_is_asked_for(answer: str) -> None:
    assert rewards.make_verifier("4").judge_answer(answer).outcome == "correct"
    assert rewards.make_verifier("4", options={"evaluated": True}).judge_answer(answer).outcome == "wrong"


@pytest.mark.parametrize("answer", ["4", "4.0", r"\frac{8}{2}", "x = 4", "+4", r"4\text{ cm}"])
def test_a_value_is_a_value(answer: str) -> None:
    assert rewards.make_verifier("4", options={"evaluated": True}).judge_answer(answer).outcome == "correct"
