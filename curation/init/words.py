"""What the fields of public data sets are called, and how surely a name says what a field is (10: always)."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _scores(text: str) -> dict[str, float]:
    """`question 10 problem 9` as a dict."""
    words = text.split()
    return dict(zip(words[::2], map(float, words[1::2]), strict=True))


QUESTION = _scores(
    "question 10 problem 9 stem 9 quiz 8 puzzle 7 query 8 prompt 7 instruction 7 input 6 statement 6 task 5 goal 6 sentence 5 content 5 "
    "text 4 ctx 5 context 4 messages 8 conversations 8 conversation 8 dialog 7 dialogue 7 questions 8 q 8 exercise 6 body 5 "
    "hypothesis 6 conclusion 6 claim 6 "
    "题目 10 问题 10 题干 10 试题 9 内容 5"
)
ANSWER = _scores(
    "answer 10 answers 9 gold 9 golds 8 target 8 targets 7 label 7 labels 5 truth 9 groundtruth 9 gt 8 correct 7 solution 5 solutions 3 "
    "output 5 completion 2 response 3 expected 6 reference 5 ref 4 cop 7 key 2 final 2 result 3 value 1 a 7 y 4 ans 9 "
    "answer_number 10.2 number_answer 10.2 numeric_answer 10.2 答案 10 正确答案 11 标准答案 11 解答 5 解析 2"
)
OPTIONS = _scores("options 10 choices 10 candidates 7 endings 8 alternatives 7 option 8 choice 7 o 5 选项 10")
ID = _scores("id 10 qid 9 uid 9 pid 8 uuid 9 idx 7 index 7 questionid 9 ind 6 number 3 name 4 编号 8")
IMAGE = _words(
    "image images img imgs picture pictures pic figure figures photo diagram imgname imagepath screenshot 图片 图像"
)
CONTEXT = _words(
    "passage passages article story premises premise paragraph paragraphs hint hints context contexts background scenario ctx material "
    "materials document documents facts fact rules evidence theory sentences narrative excerpt "
    "body table tables setup situation 材料 背景 阅读材料 文章 短文"
)
TRACE = _words("response completion output solution generation reasoning cot rationale trace generated thought code")
NO_QUESTION = _words(
    "id idx index type types number num count len length hash url source date path name topic subject category level difficulty split "
    "concept format tokens rationale solution solutions explanation cot author lang language model prediction pred answer answers options "
    "choices image img images file label labels hint lecture role generator skill grade bloom tag tags status"
)
"""Words that say that a field is no question, whatever else its name says."""
NO_ANSWER = _words(
    "id type types kind count num explanation rationale confidence start end length format unit prediction pred preds model options "
    "choices cot source score question problem incorrect wrong distractor number code report date image role precision language lang "
    "level style aliases alias split"
)
NOTES = _words(
    "id solution solutions explanation explanations rationale rationales cot reasoning analysis answer answers label labels "
    "options option choices choice response responses completion output outputs generation prediction pred model author url "
    "link source license citation path file filename image images topic subject category type date comment comments note "
    "notes metadata meta code program equation equations formula translation lecture title keywords tags prompt messages "
    "conversations trace thought thoughts steps step distractor distractors incorrect wrong candidates golds gold target "
    "reference derivation annotation annotations feedback critique 解析 分析 答案 来源 "
)
"""Words of fields that a question does not need."""
