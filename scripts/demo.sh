#!/usr/bin/env bash
# The main job from end to end on a simulated cohort: draw, train, track, score, explain.
set -euo pipefail

out="${1:-demo}"
marker="$out/.made-by-make-demo"
if [ -e "$out" ] && [ ! -e "$marker" ]; then
  echo "$out was not made by make demo; move it away or say make demo DEMO=another-folder" >&2
  exit 2
fi
rm -rf "$out"
mkdir -p "$out"
touch "$marker"
out="$(cd "$out" && pwd)"
export MLFLOW_TRACKING_URI="sqlite:///$out/mlflow.db"

step() { printf '\n== %s\n' "$*"; }

step "1/5 Draw a simulated cohort of 600 patients"
ketamine-train simulate --patients 600 --seed 7 --out "$out/cohort" --quiet

# The whole procedure is repeated 20 times instead of 100, so that the demo takes minutes.
for task in response relapse; do
  sed 's/^optimism_resamples: 100/optimism_resamples: 20/' "configs/$task.yaml" > "$out/$task.yaml"
  grep -q '^optimism_resamples: 20' "$out/$task.yaml"
  step "$([ $task = response ] && echo 2/5 || echo 3/5) Train, evaluate and track the $task model"
  ketamine-train run "$out/$task.yaml" --patients "$out/cohort/patients.csv" \
    --visits "$out/cohort/visits.csv" --events "$out/cohort/events.csv" \
    --out "$out/$task" --promote
done

step "4/5 Score and explain five new candidates (simulated too)"
ketamine-train simulate --patients 5 --seed 99 --out "$out/candidates" --quiet
for task in response relapse; do
  ketamine-predict verify "$out/$task/bundle"
  ketamine-predict score "$out/$task/bundle" "$out/candidates/patients.csv"
  ketamine-predict explain "$out/$task/bundle" "$out/candidates/patients.csv" \
    --out "$out/pages-$task" --quiet
done
ketamine-predict outlook "$out/response/bundle" "$out/relapse/bundle" \
  "$out/candidates/patients.csv" --out "$out/pages-outlook" --quiet

step "5/5 Gather all of it on one page"
python "$(dirname "$0")/write_demo_page.py" "$out"

cat <<TEXT

Everything here is simulated; nothing speaks of real patients.
  one page over all of it   $out/index.html
  response: report, bundle  $out/response/report.html  $out/response/bundle
  relapse: report, bundle   $out/relapse/report.html  $out/relapse/bundle
  one page a candidate      $out/pages-response  $out/pages-relapse
  both models together      $out/pages-outlook
  MLflow                    .venv/bin/mlflow ui --backend-store-uri $MLFLOW_TRACKING_URI --host 127.0.0.1
TEXT
