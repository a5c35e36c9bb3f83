PS1='\[\e[32m\]\u@\h:\w\$\[\e[0m\] ${debian_chroot:+($debian_chroot)}'
export PATH="${HOME}/bin:$PATH" LESS='-R -F -X'
alias ll='ls -l ${region}'
