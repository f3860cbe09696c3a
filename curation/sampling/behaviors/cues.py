"""The cues of each behavior in English: what a sentence says that is an instance of it.

Where they come from:
- the nine behaviors and the examples of the visual ones: Open Vision Reasoner (arXiv 2507.05255, section 2 and appendix C);
- the four of text with their wordings ("let's try a different approach", "let me check", "first we need to", "working backwards"):
  Gandhi et al., Cognitive Behaviors that Enable Self-Improving Reasoners (arXiv 2503.01307, section 3 and appendix);
- the pivots at the head of a sentence ("Wait", "Hold on"): the "aha moment" of DeepSeek-R1 (arXiv 2501.12948, table 3).

A pivot counts at the head of a sentence only, so that nobody who waits for a bus turns back; a plan needs a verb of doing behind its
"first", so that no first row is one. A cue is looked for where a sentence has one of its words; patterns see small letters.
"""

import re
from typing import NamedTuple


class Cue(NamedTuple):
    """`pattern` is searched in a sentence that has one of `words`; what `but_not` matches too is no instance."""

    words: frozenset[str]
    pattern: re.Pattern[str]
    but_not: re.Pattern[str] | None = None


def cue(words: str, pattern: str, but_not: str = "") -> Cue:
    return Cue(frozenset(words.split()), re.compile(pattern), re.compile(but_not) if but_not else None)


IMAGE = (
    r"(?:images?|pictures?|figures?|diagrams?|charts?|graphs?|photos?|photographs?|plots?|drawings?|illustrations?)\b"
)
IMAGES = (
    "image images picture pictures figure figures diagram diagrams chart charts graph graphs photo photos photograph photographs plot "
    "plots "
    "drawing drawings illustration illustrations"
)
THE_IMAGE = rf"(?:the|this|that|our) (?:\w+ ){{0,2}}{IMAGE}"
HEAD = (
    r"^\W*(?:(?:so|but|and|oh|ah|okay|ok|alright|all right|right|well|hm+|no|yes|yeah|now|then|also|uh|um|maybe|perhaps|therefore"
    r"|thus|or|let me see|let's see|actually|great|good)\b[\s,.;:…—–-]*){0,3}"
)
"""The beginning of a sentence with its bullets and interjections."""
WE = r"(?:i|we|you)"
MUST = (
    r"(?:'ll| will| can| could| should| must| might|'d better|'ll need to|'ll have to| need to| have to| want to|'d like to|'m going"
    r" to| am going to)"
)
SOFTLY = r"(?:(?:just|also|now|quickly|try to|at least|go back and|actually|first|carefully|really|then|probably) )*"
WILL = rf"\b(?:let me|let's|let us|lets|{WE}{MUST}) {SOFTLY}"
"""Somebody is about to do something."""
DO = (
    r"(?:define|consider|parse|choose|form|create|build|implement|calculate|compute|find|determine|identify|solve|simplify|expand"
    r"|rewrite|convert|factor|count|draw|set up|set|list|figure out|work out"
    r"|multiply|divide|add|subtract|express|evaluate|analy[sz]e|understand|look at|establish|break|isolate|substitute|write|derive|prove"
    r"|show"
    r"|examine|compare|distribute|apply|use|plug|check|verify|tackle|handle|recall how|focus|combine|sum|square|graph|sketch"
    r"|visuali[sz]e)\b"
)
WAY = r"(?:way|approach|method|angle|strategy|perspective|idea|route|technique|path)\b"
OTHER = r"(?:another|a different|a better|a simpler|an easier|an alternative|a new)"
FAULT = r"(?:a|an|some) (?:\w+ ){0,2}(?:mistake|error)\b"
RIGHT = r"(?:right|correct)\b"
ORDER = (
    r"(?:first|firstly|first of all|first off|first things first|to start|to begin|to begin with|next|next up|then|now|secondly|second"
    r"|third"
    r"|thirdly|finally|lastly|after that)"
)
ORDERS = "first firstly start begin next then now secondly second third thirdly finally lastly after"
CHECK = (
    r"(?:verify|double[- ]?check|triple[- ]?check|re-?check|cross-?check|check|confirm|validate|sanity[- ]check|re-?verify|re-?calculate"
    r"|re-?compute|re-?count|test (?:this|that|it|my|the|with|if|whether|these)|make sure)\b"
)
CHECKS = (
    "verify check doublecheck recheck crosscheck confirm validate reverify recalculate recompute recount re test sure"
)
GET = (
    r"(?:find|get|determine|calculate|compute|solve|obtain|reach|prove|show|achieve|figure out|maximi[sz]e|minimi[sz]e|know|answer"
    r"|conclude"
    r"|apply|use|have|do|form|make|build|create|satisfy|ensure)\b"
)
PLACE = r"(?:left|right|top|bottom|upper|lower|cent(?:er|re)|middle|corner|background|foreground)\b"
PART = r"(?:rows?|columns?|quadrants?|regions?|panels?|corners?|sections? of|parts? of|areas? of|side of|half of)\b"
LOOK = r"(?:look|looking|focus|focusing|examine|inspect|scan|start|starting|begin|move|moving|zoom|zooming|go|count|read)\b"
ON_PAPER = (
    r"=|\^|\b(?:power|sin\b|cos\b|tan\b|equation|inequalit|expression|numerator|denominator|fraction|matri|determinant|terms?\b"
    r"|digits?\b|hand[- ]side|lhs|rhs"
    r"|formula)"
)
"""What has sides, rows and parts and is no picture."""
COLOR = r"(?:red|blue|green|yellow|purple|orange|black|white|gr[ae]y|brown|pink)"
THINGS = (
    "object objects bar bars arrow arrows label labels legend axis panel panels person persons icon icons sign signs pixel pixels red "
    "blue green "
    "yellow purple orange black white gray grey brown pink"
)
THING = rf"(?:objects?\b|{IMAGE}|bars?\b|arrows?\b|labels?\b|legend\b|axis\b|panels?\b|persons?\b|icons?\b|signs?\b|pixels?\b|{COLOR}\b)"

CUES: dict[str, tuple[Cue, ...]] = {
    "backtracking": (
        cue(
            "wait",
            HEAD + r"wait(?: a (?:minute|second|moment|sec|bit))?(?:\s*$|\s*[,.!?…:;*—–-]|\s+(?:no|but|maybe|perhaps|actually|that|this"
                   r"|is|i"
            r"|if|what|why|the|let|so|how|does|did|it|we|are|in|not|isn't|there|hold|because|since|wait|then|both|can|could)\b)"
            r"|\b(?:but|oh|no|hmm|and|ah),? wait[,.!?…—–]",
        ),
        cue(
            "hold hang",
            HEAD + r"(?:hold|hang) on(?:\s*$|\s*[,.!?…:—–-]|\s+(?:a (?:second|minute|moment|sec)|but|no|is|that|i|let|maybe|if|this"
                   r"|what)\b)",
        ),
        cue("actually", HEAD + r"(?:actually, |actually\s+(?:no|wait|scratch)\b)|^\W*(?:\w+,? )?actually, "),
        cue(
            "alternatively",
            HEAD + r"alternatively\b",
            r"\balternatively,? (?:i|we|you|one) could(?: also)? have\b",
        ),
        cue("thought thoughts scratch strike mind nevermind", r"\b(?:on second thoughts?|scratch that|strike that|never ?mind)\b"),
        cue(
            "mistake error",
            rf"\b{WE}(?:'ve| have| must have| might have| may have| could have)? (?:\w+ )?(?:made|make) {FAULT}"
            rf"|\b(?:there(?:'s| is| was| must be| might be| may be| has to be| could be)|must be|might be) {FAULT}"
            r"|\b(?:that|this|it)(?:'s| is| was| must be) a mistake\b",
            r"\b(?:if|whether|in case) (?:there|i|we|you)\b|\b(?:make|be) sure\b",
        ),
        cue("wrong "
            "incorrect", r"(?:^\W*|[,;:—–-]\s*|\b(?:but|so|and|no|think|wait|hm+|means|clearly|maybe|oh|yes)[ ,]+)(?:that|this|it)(?:'s|"
                         r" is| was| seems| must be) (?:wrong|incorrect)\b"),
        cue(
            "right correct sense",
            rf"\b(?:that|this|it)(?:'s| is| was| seems) not {RIGHT}|\b(?:that|this|it|which|something) (?:can't|cannot|can not|couldn't"
            rf"|doesn't|does not|isn't|didn't) (?:(?:be|seem|look|sound|feel|quite) )*(?:{RIGHT}|make sense\b)",
        ),
        cue(
            "again differently earlier missing",
            r"\blet me (?:try to )?(?:think|try) (?:(?:about|of) (?:this|it) )?(?:again|differently)\b|\bearlier,? (?:i|we) (?:thought"
            r"|said|assumed|had said)"
            r"|\b(?:maybe|perhaps) (?:i'm|i am|we're|we are) (?:missing|overlooking|misunderstanding|overcomplicating)\b",
        ),
        cue(
            "approach method assumption idea",
            rf"\b{WE} (?:need|have|ought) to (?:adjust|change|revise|rethink) (?:my|the|our) (?:approach|method|assumption|idea)\b"
            r"|\b(?:my|our) (?:\w+ )?(?:assumption|approach|idea|reasoning)\b[^.,;]{0,50} (?:is|was|might be|may be|must be) (?:wrong"
            r"|incorrect|flawed|off)\b|"
            r"\b(?:this|that|the|my) (?:\w+ )?(?:approach|method|assumption|idea) (?:\w+ )?(?:doesn't|does not|won't|isn't|is not|didn't"
            r"|is|was"
            r"|may be|might be) (?:\w+ )?(?:work|wrong|incorrect|flawed)\b|\b(?:approach|method|assumption|idea) (?:isn't|is not|wasn't)"
            r" (?:\w+ )?(?:working|correct|right|valid|helpful|helping|useful)\b",
        ),
        cue(
            "misread miscalculated miscounted misunderstood misinterpreted misapplied mistakenly mixed messed overlooked forgot wrong "
            "misstated",
            rf"\b{WE}(?:'ve| have| must have| might have| may have| think i| also| just| initially| previously)? ?(?:misread"
            rf"|miscalculated"
            r"|miscounted|misunderstood|misinterpreted|misapplied|mistakenly|mixed up|messed up|overlooked|forgot|was wrong"
            r"|mis-?stated)\b",
        ),
        cue(
            "back re revisit reexamine reevaluate rethink reconsider reread reassess rephrase over again afresh backtrack redo correct",
            WILL + r"(?:go back|revisit|re-?examine|re-?evaluate|re-?think|re-?consider|re-?read|re-?assess|re-?phrase|start over"
            r"|start (?:again|afresh)|back ?track|re-?do|step back|take a step back|try again|correct (?:that|this|it|my))\b",
        ),
        cue(
            "another different better simpler easier alternative new",
            rf"\b(?:let me|let's|let us|maybe|perhaps|{WE}|is there|try|trying|there's|there is)\b[^,;]{{0,40}}\b{OTHER} (?:\w+ )?{WAY}"
            rf"|{HEAD}another (?:\w+ )?{WAY}",
        ),
    ),
    "subgoal_setting": (
        cue(
            ORDERS,
            HEAD + rf"{ORDER}[,:]? (?:and foremost,? )?(?:(?:i|we)(?:'ll| will| need to| should| have to| want to| must| can|'m going to"
            rf"| am going to)|let's|let us|let me) (?:\w+ly )?(?:just |also |try to |first |then )?{DO}"
            rf"|{HEAD}(?:first|firstly|first of all|next|then|secondly|after that)[,:] (?:(?:i|we) )?(?:\w+ly )?{DO}"
            rf"|{HEAD}(?:first|next|now|then)[,:]? to (?:find|get|determine|calculate|compute|solve|evaluate)\b[^,]{{1,60}},? (?:i|we"
            rf"|let)\b",
        ),
        cue(
            "first next",
            rf"\b(?:let me|let's|let us|(?:i|we)(?:'ll| will| can| should| must| need to| have to| might)) (?:probably )?first (?:\w+"
            rf" )?{DO}"
            r"|\b(?:i|we) (?:first|next) (?:need|have|want|should)\b|\b(?:i'll|let me|i will|i should|i need to) (?:focus on|handle|do"
            r"|tackle|deal with) \S+ first\b",
        ),
        cue("step", r"^\W*step (?:\d+|one|two|three|four|five|six)\b|\bthe (?:first|next|second|final|last) (?:step|task) (?:is|will be"
                    r"|would be) to\b"),
        cue(
            "break split divide",
            WILL + r"(?:break|split|divide) (?:this|it|that|things|everything|the (?:\w+ )?(?:problem|question|task|expression"
                   r"|calculation"
            r"|process|solution))(?: all)? (?:down|into|up)\b",
        ),
        cue("start "
            "begin", r"\b(?:let me|let's|let us|(?:i|we)(?:'ll| will| can| could| should|'d)?) (?:start|begin) (?:off )?(?:by|with)\b"),
        cue("plan strategy "
            "goal", r"\b(?:my|the|our) (?:plan|strategy|(?:first |next )?goal) (?:is|will be) to\b|\bhere(?:'s| is) (?:my|the|a) plan\b"),
    ),
    "verification": (
        cue(
            CHECKS,
            WILL + CHECK,
            r"\bmake sure (?:that )?(?:i|we)(?:'ve| have)? (?:understand|understood|got)\b|\bcheck (?:out|in)\b|\bcheck the (?:box|mail"
            r"|engine)"
            r"|\bcan (?:verify|check|confirm) my\b",
        ),
        cue(
            "sure safe certain thorough",
            r"(?:^\W*(?:(?:so|but|and|also|now|well|okay|again|wait)[ ,]+)*(?:just )?|, (?:just )?|\bjust )to (?:make (?:absolutely"
            r" )?sure"
            r"|be (?:sure|safe|certain|thorough|(?:extra|absolutely) \w+))\b",
        ),
        cue(
            "verify check doublecheck crosscheck confirm",
            r"\bto (?:verify|double[- ]?check|cross-?check|confirm)\b"
            r"|\bto check (?:if|whether|that|this|it|my|our|the (?:answer|solution|result|calculation|work))\b",
        ),
        cue(
            "see",
            rf"\b(?:let me|let's|{WE}(?:'ll| can| should| could)?) (?:just )?see (?:if|whether) (?:that|this|it|these|those) (?:\w+ )?"
            rf"(?:works?"
            r"|makes? sense|holds?|is|are|fits?|checks|matches|satisf\w+)\b",
        ),
        cue(
            "checks check confirming confirms match matches agree agrees consistent aligns",
            r"\b(?:checks? out|confirming that|(?:this|which|that) confirms|(?:which|this|that|it|also|indeed) (?:\w+ )?(?:match(?:es)?"
            r"|agrees?"
            r"|is consistent|aligns)(?:(?=\W*$)| (?:with )?\S+)|match(?:es)? (?:with )?(?:what|the|our|my) (?:\w+ ){0,2}(?:earlier"
            r"|previous|calculation"
            r"|calculated|result|answer|given|expected|computed|original|found|got))\b",
        ),
        cue(
            "verify verification verifying check checking sanity doublecheck",
            r"^\W*(?:verif(?:y|ication|ying)|(?:double[- ]?)?check(?:ing)?|sanity check)(?:\W*$|:|\s+(?:if|whether|that|this|it|our|my"
            r"|with|for"
            r"|again|precision|the (?:\w+ )?(?:answer|solution|result|calculations?|work|conditions?|sum|values?))\b)",
        ),
        cue(
            "right correct accurate case sense",
            HEAD + r"(?:is|are|does|did) (?:that|this|it|these|my \w+|the \w+) (?:\w+ )?(?:right|correct|accurate|the case|make"
                   r" sense)\s?\?"
            r"|^\W*(?:but )?wait[^,]{0,20}, (?:is|are) (?:that|this|it) (?:right|correct|the case)\?",
        ),
        cue(
            "mistakes errors error mistake correct right consistent",
            rf"\b{WE} (?:don't|do not|didn't|can't) (?:see|find|think|spot)\b[^.,]{{0,30}}\b(?:mistakes?|errors?)\b|, which is "
            rf"(?:correct|right)\W*$"
            r"|^\W*(?:wait, |okay, |yes, |so )?that (?:seems|looks) (?:correct|right)\b|^\W*consistent (?:again|with)\b",
        ),
        cue("plug plugging substitute "
            "substituting", WILL + r"(?:plug|substitute) (?:\S+ ){1,4}back (?:in|into)\b[^.]*\b(?:to (?:see|check|verify|confirm)|and "
                                   r"(?:see|check|verify))\b"),
    ),
    "backward_chaining": (
        cue(
            "backward backwards reverse back end goal answer desired final",
            r"\bwork(?:ing)?(?: it| this)? (?:backwards?\b|in reverse\b|back from\b)|\bbackward chaining"
            r"|\bstart(?:ing)? from the (?:end|goal|answer|desired|final)\b",
        ),
        cue(
            "need must require",
            rf"\bto {GET}[^,;:]{{1,70}}, {WE}(?:'ll| will| would| also| first| just| still| only| really)* (?:need|have|must|require)\b"
            rf"(?: to)?"
            r" (?:\w+ly |first )?(?:know|find|determine|figure out|get|show|ensure|identify|establish|prove|calculate|compute|choose"
            r"|pick|the|a|an|its|both"
            r"|two|at least|some|more)\b"
            rf"|\bto (?:do|find|get|determine|know|answer) (?:this|that|it|so),? {WE}(?:'ll| will| would)?(?: first| also)? (?:need|have"
            rf" to|must"
            rf"|require)\b|\bwhat (?:do|would|must|should) {WE} (?:need|have to)\b"
            rf"|\b{WE} want (?:to )?[^,;]{{3,80}}, (?:so|(?:which|this|that) means) (?:that )?{WE} (?:need|must|have to)\b",
            r"\bto (?:solve|answer|do) (?:the|this) (?:\w+ )?(?:problem|question|equation|inequality|puzzle|task)\b",
        ),
        cue(
            "show find prove determine express establish",
            rf"\bif {WE} can (?:just )?(?:show|find|prove|determine|express|figure out|establish|get)\b[^;]{{1,160}}, (?:then|{WE}(?:'ll"
            rf"| can| could| might| will))\b",
        ),
        cue("suffices enough", r"\b(?:it suffices to|it(?:'s| is) enough to)\b"),
    ),
    "visual_reflection": (
        cue(
            IMAGES,
            r"\b(?:look|looking|see|check|go|going|turn|return|refer|view|glance|observe|inspect|examine|study)\b[^.!?]{0,40}"
            rf"\b{THE_IMAGE} (?:again|once more|once again|more (?:carefully|closely)|one more time)"
            rf"|\b(?:look|go|refer|return|glance|turn)(?:ing|ring)? back (?:at|to|into) {THE_IMAGE}"
            rf"|\bre-?(?:examin|inspect|visit|check|view|look|analy[sz])\w* (?:at )?{THE_IMAGE}"
            rf"|\b(?:take|have|taking) (?:another|a second|a closer) look at {THE_IMAGE}"
            rf"|\blook (?:again|more (?:carefully|closely)|closer) at {THE_IMAGE}"
            rf"|{HEAD}(?:wait|hold on|hm+|actually)\b[^.!?]{{0,40}}\b(?:look(?:ing)? at|see|check) {THE_IMAGE}",
        ),
    ),
    "visual_divide_and_conquer": (
        cue(
            "look looking focus focusing examine inspect scan start starting begin move moving zoom zooming go count read",
            r"\b(?:first|next|then|now|second|finally|after that|start(?:ing)?|begin(?:ning)?|let me|let's|i'll|we'll|i"
            r" will)\b[^.!?]{0,20}"
            rf"\b{LOOK}[^.!?]{{0,40}}\b(?:(?:on|in|at|from|with|to|over|of|into) the (?:\w+ ){{0,2}}{PLACE}|the (?:\w+["
            rf" -]){{0,3}}{PART})",
            ON_PAPER,
        ),
        cue(
            f"{IMAGES} shape grid scene",
            rf"\b(?:divide|split|break|partition|decompose|segment|cut)(?: up| down)? (?:the|this|our) (?:\w+ ){{0,2}}(?:{IMAGE}|shape"
            r"|grid|scene) (?:up |down )?into\b",
            r"\bgraph\b",
        ),
        cue(
            "scan scanning going go examine look looking",
            rf"\b(?:scan|scanning|go through|going through|examine|look at|looking at)\b[^.!?]{{0,20}}\b(?:{IMAGE}[^.!?]{{0,20}}\b"
            rf"(?:from left to"
            r" right|from top to bottom|(?:row by row|part by part|region by region|piece by piece|one by one))"
            r"|each (?:part|region|quadrant|panel|section|row|column|object|corner) of the)",
            ON_PAPER,
        ),
    ),
    "visual_verification": (
        cue(
            IMAGES,
            r"\b(?:verify|verifying|check|checking|double-?check|confirm|compare|comparing|validate|cross-?check|match|matches"
            r"|consistent|agrees?"
            r"|aligns?)\b[^.!?]{0,60}\b(?:against|with|in|from|using|by looking at|on|to) (?:what (?:\S+ ){1,5})?" + THE_IMAGE
            + rf"|\b(?:from|in|on) {THE_IMAGE}[^.!?]{{1,100}}\b(?:matches|agrees with|is consistent with|confirms)\b"
            rf"|\b(?:the|this) (?:\w+ )?{IMAGE} (?:(?:also|indeed|clearly) )*(?:confirms|verifies|agrees|supports|matches)\b"
            rf"|\b(?:check|look at|see|examine)\b[^.!?]{{0,20}}\b{IMAGE} (?:again )?to (?:verify|confirm|make sure|check|be sure)\b",
        ),
    ),
    "goal_driven_visual_tracing": (
        cue(
            f"{IMAGES} {THINGS}",
            rf"\bto (?:get|find|reach|answer|determine|solve|know|identify|tell)\b[^.!?]{{0,80}}\b{WE} (?:first )?(?:need|have|must"
            rf"|should|want)"
            rf"(?: to)? (?:first )?(?:find|look for|look at|locate|identify|spot|search|trace|see)\b[^.!?]{{0,80}}\b{THING}",
            r"\bto sign\b|\bsigns? of the (?:term|derivative|expression|coefficient)|\b(?:red|blue|green|yellow|black|white) (?:balls?"
            r"|marbles?|socks?)"
            r" (?:drawn|chosen)",
        ),
        cue(
            IMAGES,
            rf"\b{WE}(?:'m| am|'re| are)?(?: need to| should| must| will| can|'ll)? (?:look|looking|search|searching|scan|scanning|hunt"
            rf"|hunting)"
            rf" (?:{THE_IMAGE} )?for (?:an? |the |any |something )?[^.!?]{{0,50}}\b(?:in|on|within|of) {THE_IMAGE}",
        ),
    ),
    "mental_imagery": (
        cue(
            "visualize visualise visualizing visualising imagine imagining envision mentally picture draw drawing sketch sketching",
            rf"\b(?:let me|let's|let us|{WE}(?:{MUST}|'m trying to| am trying to|'m)?|if {WE}|try to|trying to|helps? to|helpful to"
            rf"|helps? me"
            r"|easier to|hard to|difficult to|me) (?:(?:just|also|now|quickly|try to|try|first|help|at least|maybe|actually|see if i can"
            r"|trying to|start by|better|probably) )*(?:visuali[sz](?:e|ing)|imagin(?:e|ing)|envision|mentally \w+|picture (?:this|it"
            r"|the|that|a|an|how"
            r"|what|in|my)|(?:draw|sketch)(?:ing)? (?:this|it|that|out|(?:a|an|the|my|some) (?:\w+ ){0,2}"
            r"(?:" + IMAGE + r"|sketch|triangle"
            r"|circle|square|rectangle|shape|line|situation|scenario|scene|points|cube|grid)))\b"
            r"|\b(?:sketch|redraw|rotate|fold|unfold|picture|draw) (?:\w+ ){1,2}mentally\b|\b(?:should|will have to|need to) (?:probably"
            r" |first )?visuali[sz]e\b",
            r"\bvisuali[sz]\w+ (?:the |your |our |this |these )?(?:\w+ )?(?:data|results?|trends?|metrics|dataset|decision tree|anything"
            r"|model|output)\b"
            r"|\bimagine (?:that )?(?:he|she|they|it's|it is|that's|so)\b",
        ),
        cue(
            "imagine imagining visualize visualise visualizing visualising envision envisioning picture",
            HEAD + r"(?:imagin(?:e|ing)|visuali[sz](?:e|ing)|envision(?:ing)?|picture (?:this|a|the|it))\b",
            r"\bvisuali[sz]\w+ (?:the |your |our |this |these )?(?:\w+ )?(?:data|results?|trends?|metrics|dataset|decision tree|anything"
            r"|model|output)\b"
            r"|\bimagine (?:that )?you(?:'re| are)\b",
        ),
        cue(IMAGES, rf"\blet me (?:see|view) the (?:\w+ )?{IMAGE}"),
        cue(
            "mind head mental",
            r"\bin my (?:mind|head)\b|\bmind's eye\b|\bmental (?:image|picture|map|model|rotation|diagram)\b",
            r"\b(?:compute|calculate|add|multiply|divide|subtract|do|remember|stuck)\b[^.!?]{0,60} in my (?:mind|head)\b",
        ),
    ),
}  # fmt: skip
"""Behavior -> its cues, any of which makes a sentence an instance."""
