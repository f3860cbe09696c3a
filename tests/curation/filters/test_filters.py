"""What each filter keeps and drops, as tables."""

import ast
import inspect
import re
import time
from dataclasses import replace

import pytest

from curation.core.plugins import known_plugins
from curation.core.row import Row, make_row
from curation.filters.asy_code import AsyCode
from curation.filters.base import Filter
from curation.filters.length import Length
from curation.filters.missing_picture import MissingPicture
from curation.filters.open_ended import OpenEnded
from curation.filters.refusal import Refusal
from curation.filters.trace_format import TraceFormat
from curation.filters.url_only import UrlOnly


def question(text: str) -> Row:
    return make_row(source="test", source_id="0", question=text)


def trace(text: str) -> Row:
    return make_row(source="test", source_id="0", question="What is 1 + 1?", completion=text)


def verdict(filter: Filter, row: Row) -> str:
    judgement = filter.judge(row)
    return "kept" if judgement is True else judgement[1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x" * 9, "prompt_too_short"),
        ("  " + "x" * 9 + "\n", "prompt_too_short"),
        ("x" * 10, "kept"),
        ("x" * 30, "kept"),
        ("x" * 31, "prompt_too_long"),
    ],
)
def test_length(text: str, expected: str) -> None:
    assert verdict(Length(min_chars=10, max_chars=30), question(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://example.org/problem?id=7", "url_only"),
        ("See www.example.org/p7", "url_only"),
        ("![](https://example.org/a.jpg)", "url_only"),
        ("Watch https://example.org/v and say how many cats are in it.", "link_needed"),
        ("According to the page www.example.org/a, how old is he?", "link_needed"),
        ("网址https://www.example.org中的org代表什么", "kept"),
        ("How many vowels has https://example.org in its name?", "kept"),
        ("1+1=?", "kept"),
        ("", "kept"),
    ],
)
def test_url_only(text: str, expected: str) -> None:
    assert verdict(UrlOnly(), question(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("As shown in the figure, AB = 3. Find BC.", "picture_not_there"),
        ("Two ladders of 5 m and 7 m lean on walls as shown, 3 m apart, 4 m up. How far is it between them?", "kept"),
        ("In the diagram, angle ABC is right. Find x.", "picture_not_there"),
        ("In the diagram below, AB = 3.", "picture_not_there"),
        ("The figure shows four entries of a magic square.", "picture_not_there"),
        ("Twelve segments are arranged as\nshown. How many squares?", "picture_not_there"),
        ("What is the colour of the ball in this picture?", "picture_not_there"),
        ("Solve ![](https://example.org/a.jpg) for x.", "picture_not_there"),
        ("<image>What is this?", "picture_not_there"),
        ("如图，在三角形 ABC 中，求 BC。", "picture_not_there"),
        ("In the figure, AB = 3. [asy]draw((0,0)--(3,0));[/asy]", "kept"),
        (r"The chart below gives distances. \begin{tabular}{cc} 1 & 2 \end{tabular} Find 1.", "kept"),
        ("The table below: | a | b |\n|---|---|\n| 1 | 2 | As shown, a is 1.", "kept"),
        ("The graph of $y = f(x)$ passes through (0, 1). Find f(0).", "kept"),
        ("A line cuts this figure into two congruent polygons.", "kept"),
        ("It can be shown that x is unique. Find x.", "kept"),
        ("A figure skater turns 3 times. How many degrees?", "kept"),
        ("Draw a picture of 3 cats. How many paws?", "kept"),
        ("Sam looks for clues on the map. He walks 3 km. How far is it back?", "kept"),
        ("On the map, 1 cm is 5 km. How far apart are towns 3 cm from each other?", "kept"),
        ("Mia hung 3 photos on the wall and 2 people stand in the picture. How many?", "kept"),
        ("The terms go on as shown: 2, 5, 8, 11. What is the next?", "kept"),
        (r"The gas decomposes as shown below. $$2A \\to B + C$$ What is the order?", "kept"),
        ("The acid is neutralised as shown. HCl + NaOH -> NaCl + H2O. How much salt?", "kept"),
        ("A chest X-ray shows fluid in the left lung. What is the next step?", "kept"),
        ("ST elevation was seen on the ECG. Which artery is closed?", "kept"),
        ("The X-ray reveals", "picture_not_there"),
        ("A man fell on his hand. The X-ray reveals:", "picture_not_there"),
        ("What is the abnormality in the ECG?", "picture_not_there"),
        ("Her CT scan is shown. What is the diagnosis?", "picture_not_there"),
        ("What does this micrograph tell?", "picture_not_there"),
        ("Find the current (see figure).", "picture_not_there"),
        ("The rod of Fig. 3 turns. How fast?", "picture_not_there"),
        ("Find the angle at the top in Figure 2.", "picture_not_there"),
        ("The graph of $f$ is shown. What is $f(2)$?", "picture_not_there"),
        ("The graph of $f$ is given by $y = x$. What is $f(2)$?", "kept"),
        ("Find the current in the circuit shown.", "picture_not_there"),
        ("The pie chart shows how Al spends his day. How long does he sleep?", "picture_not_there"),
        ("Use the graph to find the speed.", "picture_not_there"),
        ("According to the table, who is the tallest?", "table_not_there"),
        ("What is the area under the graph above the $x$-axis?", "kept"),
        ("The following graph: vertices 1 to 4, edges 12, 23, 34 and 41. Is it a cycle of what length?", "kept"),
        ("He puts 7 balls on the table and takes 2 from the table. How many are left?", "kept"),
        ("看见照片里有3只红鸟，又飞来2只，一共几只？", "kept"),
        ("他在画上盖上图章3次，又盖了2次，一共几次？", "kept"),
        ("Look at the picture of 64 cubes that stand in 4 layers of 16. How many are in 2 layers?", "kept"),
        ("观察下列图形的规律，第五个有几个点？", "picture_not_there"),
        ("患者胸痛，心电图如下，诊断是什么？", "picture_not_there"),
        ("患者胸痛，心电图示ST段抬高，诊断是什么？", "kept"),
        ("The graph of $9x + 2y = 7$ is drawn on squared paper. How many squares lie below it?", "kept"),
        ("The letters have the values $$1, 2, 1, 0, \\ldots$$ The pattern shown above goes on. What has Z?", "kept"),
        ("As shown on the right, DE is parallel to BC, AD is 2, AB is 5 and DE is 3. How long is BC?", "kept"),
        ("What is the area of the shaded region?", "picture_not_there"),
        ("A ring of width 1 is shaded. What is the area of the shaded region?", "kept"),
        ("The table shows the speed of a car. Estimate the distance.", "table_not_there"),
        (
            "The table shows the speed of a car: 0 s 5 m/s, 1 s 6 m/s, 2 s 8 m/s, 3 s 9 m/s. Estimate the distance.",
            "kept",
        ),
        (
            "A comet (Fig. 13.2) is 8.7e7 km from the sun at its nearest and 5.2e9 km at its farthest. Find 10 periods.",
            "kept",
        ),
        ("网络图中不能有回路，最多有几条边？", "kept"),
        ("看《早春图》的人有3个，又来了2个，一共几个？", "kept"),
        ("下表面积为6，求体积。", "kept"),
        ("如下表所示，求斜率。", "table_not_there"),
        ("根据下图，判断地形的类型。", "picture_not_there"),
        ("读图，回答甲地的气候。", "picture_not_there"),
        ("图中的线圈有几匝？", "picture_not_there"),
        ("图1是某函数的图象，求周期。", "picture_not_there"),
        ("小明从图书馆借了3本图书，还了2本，还剩几本？", "kept"),
        ("地图中1厘米表示5千米，3厘米表示多少千米？", "kept"),
        ("下列图形中，哪一个是轴对称图形的数学名称？", "kept"),
    ],
)
def test_missing_picture(text: str, expected: str) -> None:
    assert verdict(MissingPicture(), question(text)) == expected


def test_a_row_with_its_image_is_kept() -> None:
    row = replace(question("As shown in the figure, AB = 3. Find BC."), images=(b"any",))
    assert verdict(MissingPicture(), row) == "kept"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Find x. [asy] draw((0,0)--(1,1)); [/asy]", "figure_as_code"),
        ("Find x.\nimport olympiad;\nsize(3);", "figure_as_code"),
        (r"Find x. \begin{tikzpicture}\draw (0,0);\end{tikzpicture}", "figure_as_code"),
        ("An easy question: 1 + 1?", "kept"),
        ("Find x. [asy] [/asy]", "kept"),
        (r"\begin{array}{c}1\end{array}", "kept"),
    ],
)
def test_asy_code(text: str, expected: str) -> None:
    assert verdict(AsyCode(), question(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Prove that the square root of 2 is irrational.", "proof"),
        ("Let n > 1. Show that some four of these points are convex.", "proof"),
        ("Given five points, no three on a line, show that four of them form a convex polygon.", "proof"),
        ("Prove or disprove: every group of order 4 is abelian.", "proof"),
        ("设 a > 0。证明：a + 1/a ≥ 2。", "proof"),
        ("Explain why the sky is blue.", "open_ended"),
        ("Is 7 prime? Justify.", "open_ended"),
        ("Describe the water cycle in your own words.", "open_ended"),
        ("Give an example of a group that is not abelian.", "open_ended"),
        ("Show that the limit exists and find its value.", "kept"),
        ("It can be shown that x exists. What is x?", "kept"),
        ("What is the smallest n for which the proof works?", "kept"),
        ("Amy showed that 3 of 5 cats sleep. How many are awake?", "kept"),
        ("In triangle ABC we draw a line through A, then the length of BC is ( )", "kept"),
        ("Compute 1 + 1 and explain your answer.", "kept"),
    ],
)
def test_open_ended(text: str, expected: str) -> None:
    assert verdict(OpenEnded(), question(text)) == expected


def test_multiple_choice_is_never_open_ended() -> None:
    row = replace(question("Explain why.\nA. it makes it easier to argue against\nB. no"), answer_kind="choice")
    assert verdict(OpenEnded(), row) == "kept"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I'm sorry, but I can't assist with that.", "refusal"),
        ("<think>Hm.</think>I cannot help with this request.", "refusal"),
        ("<think>Hm.</think>As an AI language model, I have no opinion.", "refusal"),
        ("<think>Hm.</think>抱歉，我不能回答。", "refusal"),
        (r"<think>I'm sorry, I misread; as an AI I should recheck.</think>\boxed{2}", "kept"),
        ("x" * 301 + " I'm sorry", "kept"),
        ("It is sorry work, but 2.", "kept"),
        ("", "kept"),
    ],
)
def test_refusal(text: str, expected: str) -> None:
    assert verdict(Refusal(), trace(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"<think>1 + 1 = 2</think>\boxed{2}", "kept"),
        (" \n<think>\n1 + 1 = 2\n</think>\n\nSo \\boxed{\\frac{4}{2}}.", "kept"),
        (r"1 + 1 = \boxed{2}", "trace_without_thinking"),
        (r"<think>1 + 1 = \boxed{2}", "thinking_not_closed"),
        (r"<think>a</think><think>b</think>\boxed{2}", "several_thinking_blocks"),
        (r"<think>a</think>b</think>\boxed{2}", "several_thinking_blocks"),
        (r"Question: 1 + 1? <think>a</think>\boxed{2}", "thinking_does_not_come_first"),
        (r"a</think>\boxed{2}", "thinking_does_not_come_first"),
        (r"</think>a<think>\boxed{2}", "thinking_does_not_come_first"),
        (r"<think> </think>\boxed{2}", "thinking_is_empty"),
        (r"<think>\boxed{2}</think>", "answer_missing_after_thinking"),
        (r"<think>\boxed{2}</think>It is 2.", "no_boxed_answer"),
        (r"<think>a</think>\boxed{\frac{4}{2}", "no_boxed_answer"),
        (r"<think>a</think>\boxed{ }", "no_boxed_answer"),
        (r"<think>a</think>\boxed{} \boxed{3}", "kept"),
    ],
)
def test_trace_format(text: str, expected: str) -> None:
    assert verdict(TraceFormat(), trace(text)) == expected


HOSTILE = (
    "a ",
    "show ",
    "the figure ",
    "![",
    "[asy]",
    "shown in the ",
    "<img ",
    "\\boxed{",
    "<think>",
    "\n",
    " ",
    "? ",
    "(1) ",
    "1.2.3.4 ",
    "a@b.",
    "[asy] ",
    "[hide ",
    "answer: ",
    "in the figure of ",
    "what x-ray ",
    "as shown. ",
    "the graph of ",
    "write a ",
    "write word ",
    "read ",
    "true ",
    "A. B. C. ",
    "分析",
    "| a",
    "图",
    "求x；",
    "多少",
    "①",
    "(1) and ",
    ", which ",
)


@pytest.mark.parametrize("filter", known_plugins(Filter).values(), ids=lambda filter: filter.__name__)
def test_every_reason_of_a_filter_names_its_options(filter: type[Filter]) -> None:
    given = {
        constant.value
        for node in ast.walk(ast.parse(inspect.getsource(inspect.getmodule(filter))))
        if isinstance(node, ast.Tuple) and isinstance(node.elts[0], ast.Constant) and node.elts[0].value is False
        for constant in ast.walk(node.elts[1])
        if isinstance(constant, ast.Constant) and isinstance(constant.value, str)
    }
    assert given == filter.remedies.keys()
    named = {option for options in filter.remedies.values() for option in re.findall(r"\w+", options)}
    assert named <= filter.model_fields.keys()


FILTERS = [plugin() for kind, plugin in known_plugins(Filter).items() if kind != "token_budget"]


@pytest.mark.parametrize("filter", FILTERS, ids=lambda filter: filter.kind)
@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_costs_little(filter: Filter, piece: str) -> None:
    text = piece * 20_000
    row = make_row(source="test", source_id="0", question=text, completion="<think>a</think>" + text)
    started = time.thread_time()
    filter.judge(row)
    assert time.thread_time() - started < 2
