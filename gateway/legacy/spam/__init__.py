"""The spam filter: samples, training, and what it thinks of a message (legacy-rest-api 2.11, mapping-operations 6)."""

from dataclasses import replace

from gateway.legacy.spam.classify import classify
from gateway.legacy.spam.samples import take_sample
from gateway.legacy.spam.training import control_training
from gateway.legacy.table import route
from gateway.legacy.vocabulary import does

_SAMPLE = ("Blob/upload", "x:SpamTrainingSample/set")

ROUTES = (
    route("trainSpamFilter", does(take_sample, *_SAMPLE)),
    route("trainSpamFilterOfAccount", does(take_sample, "x:Account/query", *_SAMPLE)),
    route("uploadSpamSample", does(take_sample, *_SAMPLE)),
    route("uploadSpamSampleOfAccount", does(take_sample, "x:Account/query", *_SAMPLE)),
    route("controlSpamTraining", replace(does(control_training, "x:Task/query", "x:Task/get", "x:Task/set SpamFilterMaintenance"), changes=True)),
    route("classifyMessage", does(classify, "x:Action/set ClassifySpam", "x:SpamTag/query", "x:SpamTag/get")),
)
