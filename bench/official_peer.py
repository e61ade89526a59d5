"""What lmms-eval 0.7.3 makes of predictions; run by bench/official.py in lmms-eval's environment.

Input (stdin): {task: [{"doc": ..., "said": ...}]}; output (stdout): {task: {"items": [value],
"figures": {name: value}}}. Only its scoring functions are called.
"""

import contextlib
import io
import json
import os
import sys
import types
from typing import Any

os.environ.setdefault("OPENAI_API_KEY", "none")  # a client is made at import and never used
STUBS = {  # what judges of other tasks import; lmms-eval 0.7.3 lacks the last one itself
    "azure": (),
    "azure.identity": (
        "AzureCliCredential",
        "ChainedTokenCredential",
        "ManagedIdentityCredential",
        "get_bearer_token_provider",
    ),
    "lmms_eval.azure_openai_compat": ("build_client", "has_endpoint_support"),
}
for module, names in STUBS.items():
    sys.modules.setdefault(module, types.ModuleType(module))
    for name in names:
        setattr(sys.modules[module], name, object)

from lmms_eval.api.metrics import anls, exact_match_hf_evaluate  # noqa: E402
from lmms_eval.tasks.ai2d import utils as ai2d  # noqa: E402
from lmms_eval.tasks.blink import utils as blink  # noqa: E402
from lmms_eval.tasks.chartqa import utils as chartqa  # noqa: E402
from lmms_eval.tasks.hallusion_bench import evaluate_hb as hallusion  # noqa: E402
from lmms_eval.tasks.hallusion_bench import utils as _hallusion_gpt  # noqa: E402, F401
from lmms_eval.tasks.mathvista.mathvista_evals import MathVistaEvaluator  # noqa: E402
from lmms_eval.tasks.mmbench.mmbench_evals import MMBench_Evaluator  # noqa: E402
from lmms_eval.tasks.mme import utils as mme  # noqa: E402
from lmms_eval.tasks.mmmu import utils as mmmu  # noqa: E402
from lmms_eval.tasks.mmmu_pro import utils as mmmu_pro  # noqa: E402
from lmms_eval.tasks.mmstar import utils as mmstar  # noqa: E402
from lmms_eval.tasks.mmvet import utils as mmvet  # noqa: E402
from lmms_eval.tasks.mmvp import utils as mmvp  # noqa: E402
from lmms_eval.tasks.ocrbench import utils as ocrbench  # noqa: E402
from lmms_eval.tasks.pope import utils as pope  # noqa: E402
from lmms_eval.tasks.realworldqa import utils as realworldqa  # noqa: E402
from lmms_eval.tasks.refcoco import utils_rec as refcoco  # noqa: E402
from lmms_eval.tasks.refspatial import utils as refspatial  # noqa: E402
from lmms_eval.tasks.spatial457 import utils as spatial457  # noqa: E402
from lmms_eval.tasks.textvqa import utils as textvqa  # noqa: E402
from lmms_eval.tasks.unig2u.illusionbench import arshia_utils as illusion  # noqa: E402
from lmms_eval.tasks.unig2u.mmsi import utils as mmsi  # noqa: E402
from lmms_eval.tasks.unig2u.realunify import utils as realunify  # noqa: E402
from lmms_eval.tasks.unig2u.uni_mmmu import utils as uni_mmmu  # noqa: E402
from lmms_eval.tasks.unig2u.visualpuzzles import utils as visualpuzzles  # noqa: E402
from lmms_eval.tasks.unig2u.vsp import utils as vsp  # noqa: E402
from lmms_eval.tasks.vqav2 import utils as vqav2  # noqa: E402

Rows = list[dict[str, Any]]


def of_mmbench(rows: Rows) -> tuple[list[float], dict[str, float]]:
    import pandas as pd

    judge = MMBench_Evaluator()
    data = [{**row["doc"], "prediction": row["said"]} for row in rows]
    values = []
    for row in data:
        frame = pd.DataFrame([row])
        values.append(judge.eval_sub_data(frame, {row["index"]: row["answer"]}, static_only=True))
    overall, categories, _ = judge.eval_result(data, "static")
    return values, {"circular": 100 * overall} | {
        f"circular, category {name}": 100 * value for name, value in categories.items()
    }


def of_mme(rows: Rows) -> tuple[list[float], dict[str, float]]:
    found = [mme.mme_process_results(row["doc"], [row["said"]]) for row in rows]
    by_kind: dict[str, Rows] = {}
    values = []
    for result in found:
        ((kind, entry),) = result.items()
        by_kind.setdefault(kind, []).append(entry)
        values.append(entry["score"])
    return values, {
        kind.split("_")[1]: mme.mme_aggregate_results(entries) for kind, entries in by_kind.items()
    }


def of_hallusion(rows: Rows) -> tuple[list[float], dict[str, float]]:
    data = [{**row["doc"], "model_prediction": row["said"]} for row in rows]
    figures = {
        name: 100 * hallusion.hb_aggregation_result_intern(data, name)
        for name in ("aAcc", "fAcc", "qAcc")
    }
    return [float(row["answer"] == row["gt_answer"]) for row in data], figures


def of_pope(rows: Rows) -> tuple[list[float], dict[str, float]]:
    found = [pope.pope_process_results(row["doc"], [row["said"]]) for row in rows]
    entries = [result["pope_accuracy"] for result in found]
    return [entry["score"] for entry in entries], {
        "accuracy": 100 * pope.pope_aggregate_accuracy(entries),
        "precision": 100 * pope.pope_aggregate_precision(entries),
        "recall": 100 * pope.pope_aggregate_recall(entries),
        "F1": 100 * pope.pope_aggregate_f1_score(entries),
    }


def of_chartqa(rows: Rows) -> tuple[list[float], dict[str, float]]:
    values = [float(chartqa.relaxed_correctness(r["said"], r["doc"]["answer"])) for r in rows]
    return values, {"accuracy": 100 * sum(values) / len(values)}


def of_mathvista(rows: Rows) -> tuple[list[float], dict[str, float]]:
    judge = MathVistaEvaluator.__new__(MathVistaEvaluator)
    values = []
    for row in rows:
        doc = row["doc"]
        said = judge.normalize_extracted_answer(
            row["said"], doc["choices"], doc["question_type"], doc["answer_type"], doc["precision"]
        )
        values.append(float(judge.safe_equal(said, doc["answer"])))
    return values, {"accuracy": 100 * sum(values) / len(values)}


def of_mmvet(rows: Rows) -> tuple[list[float], dict[str, float]]:
    entries = [{"score": r["said"], "capabilities": r["doc"]["capability"]} for r in rows]
    return [r["said"] for r in rows], {"score": mmvet.mmvet_aggregate_results(entries)}


def of_route(rows: Rows) -> tuple[list[float], dict[str, float]]:
    found = [uni_mmmu.maze_process_results(row["doc"], [row["said"]]) for row in rows]
    values = [entry["maze_text_frame_acc"] for entry in found]
    exact = [entry["maze_text_exact"] for entry in found]
    return values, {
        "score": 100 * sum(values) / len(values),
        "exact": 100 * sum(exact) / len(exact),
    }


def mean_of(values: list[float]) -> tuple[list[float], dict[str, float]]:
    return values, {"score": 100 * sum(values) / len(values)}


def of_jigsaw(rows: Rows) -> tuple[list[float], dict[str, float]]:
    return mean_of(
        [uni_mmmu.jigsaw_process_results(r["doc"], [r["said"]])["jigsaw_text_acc"] for r in rows]
    )


def of_collision(rows: Rows) -> tuple[list[float], dict[str, float]]:
    return mean_of(
        [
            vsp.collision_process_results(r["doc"], [r["said"]])["collision_acc"]["score"]
            for r in rows
        ]
    )


def of_map(rows: Rows) -> tuple[list[float], dict[str, float]]:
    return mean_of(
        [vsp.gmap_process_results(r["doc"], [r["said"]])["gmap_acc"]["score"] for r in rows]
    )


def of_visualpuzzles(rows: Rows) -> tuple[list[float], dict[str, float]]:
    letters = ["A", "B", "C", "D"]
    values = []
    for row in rows:
        texts = dict(zip(letters, row["doc"]["options"], strict=True))
        said = visualpuzzles.parse_response(row["said"].strip(), letters, texts)
        values.append(float(said is not None and said.lower() == row["doc"]["answer"].lower()))
    return mean_of(values)


def of_realunify(rows: Rows) -> tuple[list[float], dict[str, float]]:
    return mean_of([float(realunify.extract_answer(r["said"]) == r["doc"]["answer"]) for r in rows])


def of_mmsi(rows: Rows) -> tuple[list[float], dict[str, float]]:
    found = [
        mmsi.extract_single_choice_with_word_boundary(r["said"], r["doc"]["answer"]) for r in rows
    ]
    return mean_of([value or 0.0 for value in found])


def of_illusion(rows: Rows) -> tuple[list[float], dict[str, float]]:
    return mean_of([float(illusion._recall_match(r["said"], r["doc"]["answer"])) for r in rows])


def of_vqav2(rows: Rows) -> tuple[list[float], dict[str, float]]:
    return accuracy_of(
        [vqav2.vqav2_process_results(r["doc"], [r["said"]])["exact_match"] for r in rows]
    )


def of_textvqa(rows: Rows) -> tuple[list[float], dict[str, float]]:
    docs = [
        {"question_id": n, "answers": [person["answer"] for person in row["doc"]["answers"]]}
        for n, row in enumerate(rows)
    ]
    return accuracy_of(
        [
            textvqa.textvqa_process_results(doc, [row["said"]])["exact_match"]
            for doc, row in zip(docs, rows, strict=True)
        ]
    )


def of_docvqa(rows: Rows) -> tuple[list[float], dict[str, float]]:
    return accuracy_of([anls(r["doc"]["answers"], [r["said"]])["anls"] for r in rows])


def of_ocrbench(rows: Rows) -> tuple[list[float], dict[str, float]]:
    found = [ocrbench.ocrbench_process_results(r["doc"], [r["said"]]) for r in rows]
    return accuracy_of([float(each["ocrbench_accuracy"]["score"]) for each in found])


def of_refcoco(rows: Rows) -> tuple[list[float], dict[str, float]]:
    found = [refcoco.refcoco_bbox_rec_process_result(r["doc"], [r["said"]]) for r in rows]
    entries = [each["refcoco_ACC@0.5"] for each in found]
    values = [float(refcoco.compute_accuracy(e["bbox"], e["pred"])) for e in entries]
    return values, {
        name: 100 * refcoco.refcoco_bbox_rec_aggregation_result(entries, name)
        for name in ("ACC@0.5", "IoU")
    }


def of_refspatial(rows: Rows) -> tuple[list[float], dict[str, float]]:
    found = [refspatial.refspatial_process_results(r["doc"], [r["said"]]) for r in rows]
    return accuracy_of([float(each["refspatial_acc"]["accuracy"]) for each in found])


def of_mmvp(rows: Rows) -> tuple[list[float], dict[str, float]]:
    found = [mmvp.mmvp_process_results(r["doc"], [r["said"]])["mmvp_accuracy"] for r in rows]
    return [float(each["is_correct"]) for each in found], {
        "accuracy": 100 * mmvp.mmvp_aggregate_results(found),
        "pairs": 100 * mmvp.mmvp_aggregate_pair_results(found),
    }


def of_mmstar(rows: Rows) -> tuple[list[float], dict[str, float]]:
    return accuracy_of([mmstar.exact_match(r["said"], r["doc"]["answer"]) for r in rows])


def of_real_world_qa(rows: Rows) -> tuple[list[float], dict[str, float]]:
    found = [realworldqa.realworldqa_process_results(r["doc"], [r["said"]]) for r in rows]
    return accuracy_of([each["exact_match"] for each in found])


def of_blink(rows: Rows) -> tuple[list[float], dict[str, float]]:
    values = []
    for row in rows:
        doc = {"answer": f"({row['doc']['answer']})", "idx": 1, "sub_task": "Counting"}
        found = blink.blink_process_results(doc, [row["said"]])["blink_acc"]
        values.append(float(found["is_correct"]))
    return accuracy_of(values)


def of_ai2d(rows: Rows) -> tuple[list[float], dict[str, float]]:
    letters = ai2d.MultiChoiceRegexFilter(
        group_select=0, ignore_case=True, ignore_punctuation=True, regex_pattern="([A-Z])\\."
    )
    read = letters.apply([[row["said"]] for row in rows], [row["doc"] for row in rows])
    values = [
        exact_match_hf_evaluate(
            [one], [row["doc"]["answer"]], ignore_case=True, ignore_punctuation=True
        )["exact_match"]
        for one, row in zip(read, rows, strict=True)
    ]
    return accuracy_of([float(value) for value in values])


def of_mmmu(rows: Rows) -> tuple[list[float], dict[str, float]]:
    values = []
    for number, row in enumerate(rows):
        options = row["doc"]["options"]
        doc = {
            "id": f"validation_Art_{number}", "answer": row["doc"]["answer"],
            "options": str(options),
            "question_type": "multiple-choice" if options else "open",
        }  # fmt: skip
        entry = mmmu.mmmu_process_results(doc, [row["said"]])["mmmu_acc"]
        values.append(float(mmmu.evaluate_mmmu([entry])[1]["acc"]))
    return accuracy_of(values)


def of_mmmu_pro(rows: Rows) -> tuple[list[float], dict[str, float]]:
    return _of_mmmu_pro(rows, {"question": "Which?"})


def of_mmmu_pro_vision(rows: Rows) -> tuple[list[float], dict[str, float]]:
    return _of_mmmu_pro(rows, {})


def _of_mmmu_pro(rows: Rows, rest: dict[str, str]) -> tuple[list[float], dict[str, float]]:
    values = []
    for row in rows:
        doc = {"id": "1", "subject": "Art", "answer": row["doc"]["answer"], **rest}
        doc["options"] = str(row["doc"]["options"])
        entry = mmmu_pro.mmmu_pro_process_results(doc, [row["said"]])["mmmu_acc"]
        values.append(float(mmmu_pro.evaluate_mmmu([entry])[1]["acc"]))
    return accuracy_of(values)


def of_spatial457(rows: Rows) -> tuple[list[float], dict[str, float]]:
    found = [spatial457.spatial457_process_results(r["doc"], [r["said"]]) for r in rows]
    return accuracy_of([float(each["spatial457_accuracy"]["is_correct"]) for each in found])


def accuracy_of(values: list[float]) -> tuple[list[float], dict[str, float]]:
    return values, {"accuracy": 100 * sum(values) / len(values)}


SCORERS = {name[3:]: found for name, found in globals().items() if name.startswith("of_")}


def main() -> None:
    """Score every task."""
    found = {}
    with contextlib.redirect_stdout(io.StringIO()):
        for task, rows in json.load(sys.stdin).items():
            values, figures = SCORERS[task](rows)
            found[task] = {"items": values, "figures": figures}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
