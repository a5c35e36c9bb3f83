import os, subprocess
subprocess.run(["bash", "-c", "echo ${HOME} $PORPOISE_DT ${v:-x} $((1+1))"], check=True, env={**os.environ, "DAY": "${dt}"})
